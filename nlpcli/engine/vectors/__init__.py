"""Word vectors as files and as answers: reading, writing, neighbours, evaluation."""
