"""What a training step learns from: the frames of all videos on disk, and windows of them."""
