"""Deleting datasets, runs, sweeps, scores and feature sets, with all that hangs on them."""
