"""Ground truth: read from files, laid on the frames of videos, compared."""
