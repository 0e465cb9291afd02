"""Scores of videos as numbers: read from files, smoothed, fused. NumPy only: the web needs them."""
