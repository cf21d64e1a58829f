"""Kernels that tag the words of sentences: features, averaged perceptron, Viterbi."""
