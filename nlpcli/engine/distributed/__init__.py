"""Many machines: what is cut into shards, what travels, and what a Dask cluster does with it."""
