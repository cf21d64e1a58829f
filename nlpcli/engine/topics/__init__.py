"""Groups of words and documents."""
