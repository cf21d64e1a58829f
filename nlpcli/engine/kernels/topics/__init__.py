"""Kernels of topic models: sampling, folding in, factors, coherence."""
