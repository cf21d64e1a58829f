"""Kernels of classifiers: features, dual coordinate descent, pruning."""
