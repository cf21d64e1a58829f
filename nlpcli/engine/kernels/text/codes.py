"""Numbers that kernels and their callers mean something by; here, so that numba is not needed to know."""

# What a character does to a word.
BREAK, LETTER, DIGIT, UNDERSCORE, MARK, APOSTROPHE, POINT = range(7)

# What became of a line of word vectors: read, nothing in it, left to Python.
READ, BLANK, ODD = range(3)
