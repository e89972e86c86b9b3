"""The engine for the workers of a dask cluster, which need neither batchdrain nor the database."""
