"""Networks in torch, for training alone."""
