"""`python -m nlpcli` is the same as `nlpcli`."""

from nlpcli.program import run

if __name__ == "__main__":
    run()
