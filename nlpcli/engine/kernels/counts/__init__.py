"""Kernels that count: documents, n-grams, neighbours."""
