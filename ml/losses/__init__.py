"""Losses: pure functions of tensors, each with the paper that it comes from."""
