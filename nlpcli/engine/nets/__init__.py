"""The basement: torch modules, nothing else."""
