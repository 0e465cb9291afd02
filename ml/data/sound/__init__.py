"""The sound of videos: decoded onto the clock of the picture, and as logarithms of mel bands."""
