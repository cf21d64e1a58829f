"""What is asked of whole texts: summaries."""
