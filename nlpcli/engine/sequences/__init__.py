"""Models of sequences: taggers."""
