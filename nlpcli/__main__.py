"""`python -m nlpcli` is the same as `nlpcli`."""

from nlpcli.cli import program

if __name__ == "__main__":
    program()
