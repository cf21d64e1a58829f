"""How work is run: threads, processes, compiled kernels, arrays that spill to disk, progress, interrupts."""
