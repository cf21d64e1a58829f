"""The documentation site: the pages that follow from the code, and what mkdocs is told (`hook.py`)."""
