"""From a line of text to its tokens: normalisation, tokenizers, stop words, stems, tags."""
