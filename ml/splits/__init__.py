"""Lists that say which video is for training and which for testing, and how to make such."""
