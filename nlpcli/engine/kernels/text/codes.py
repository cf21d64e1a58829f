"""Numbers that kernels and their callers mean something by; here, so that numba is not needed to know."""

# What a character does to a word. An apostrophe may stand between LETTERs, not beside an OTHER_LETTER;
# MARK and what follows it begin no word; a type with an INVISIBLE one is looked at again.
BREAK, LETTER, DIGIT, UNDERSCORE, OTHER_LETTER, MARK, INVISIBLE, APOSTROPHE, POINT = range(9)

# What became of a line of word vectors: read, nothing in it, left to Python.
READ, BLANK, ODD = range(3)

# What a character becomes that a table cannot decide about: Python is asked about the word it is in.
ASK = -1
