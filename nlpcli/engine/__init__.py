"""The core: text files in, models and vectors on disk. Prints nothing, knows no terminal."""
