"""Training word vectors: Word2Vec, FastText, GloVe."""
