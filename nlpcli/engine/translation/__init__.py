"""Sequence to sequence: pairs of texts, the network that reads one and writes the other, how good it is."""
