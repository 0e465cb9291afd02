"""Measurements: each module is a command that compares us with a peer in the same run."""
