"""Pictures and pages: word maps, gradients, activations."""
