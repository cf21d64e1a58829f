"""Seeded campaigns against the commands: forged files, hostile text, kills, faults, resumes, settings.

`make fuzz MINUTES=10` runs them all, `python -m tests.fuzz files text --seed 7` some; a short part runs in
the suite (`tests/test_fuzz.py`). A campaign is a module of this folder, listed in `campaigns.py`, with

- `attempt(random, folder)`: one try, decided by `random` alone, in an empty folder; an `AssertionError`
  says what went wrong and with which command, and anything else raised is a failure too;
- optionally `KINDS`: names, tried in turn and passed to `attempt` as its third argument;
- `SHORT`: how many tries the suite makes;
- optionally `missing()`: why the campaign cannot run here (a program that is not installed), or "".
"""
