"""The schema of every kind of file that nlpcli writes and reads again; `by_kind.py` finds it."""
