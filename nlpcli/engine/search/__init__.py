"""Finding texts: an index, its ranking, snippets."""
