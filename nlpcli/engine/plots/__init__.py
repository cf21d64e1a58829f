"""Pictures and pages: word maps, confusion, gradients, activations."""
