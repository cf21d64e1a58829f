"""Kernels over bytes of UTF-8: scanning, hashing, numbers as text."""
