"""The basement: numba functions over bare arrays, no classes, no files, no errors raised."""
