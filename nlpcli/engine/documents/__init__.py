"""Documents as vectors: sparse matrices, their features and their files."""
