"""Kernels of recurrent cells."""
