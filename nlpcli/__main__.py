"""`python -m nlpcli` is the same as `nlpcli`."""

from nlpcli.cli import main

if __name__ == "__main__":
    main()
