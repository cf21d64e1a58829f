"""Kernels that train word vectors: skip-gram, CBOW, softmax, GloVe."""
