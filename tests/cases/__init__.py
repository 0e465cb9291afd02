"""Inputs of others that were once read wrongly, through every door."""
