"""Inverted indexes: postings packed into few bits, and the best documents of a query."""
