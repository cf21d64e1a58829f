"""Tokenizers by name: rules, Penn Treebank, sentencepiece, Korean morphemes."""
