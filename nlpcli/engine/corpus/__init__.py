"""From texts to ids: vocabularies, encoding, phrases, n-grams of words."""
