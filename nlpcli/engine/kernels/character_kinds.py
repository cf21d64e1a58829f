"""What a character does to a word; here and not in `scan.py`, so that numba is not needed to know."""

BREAK, LETTER, DIGIT, UNDERSCORE, MARK, APOSTROPHE, POINT = range(7)
