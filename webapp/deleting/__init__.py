"""Deletes datasets, runs, sweeps, scores, weights and feature sets, with all that hangs on them."""
