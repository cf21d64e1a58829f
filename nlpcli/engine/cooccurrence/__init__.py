"""Co-occurrence counts: exact, within a memory limit, on disk."""
