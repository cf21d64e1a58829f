"""Vector instructions and aligned rows, which other kernels are made of."""
