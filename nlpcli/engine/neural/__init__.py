"""Neural networks: their weights, devices and steps; what trains them."""
