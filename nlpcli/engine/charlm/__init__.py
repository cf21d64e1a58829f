"""Character language models: training, writing, and a look inside."""
