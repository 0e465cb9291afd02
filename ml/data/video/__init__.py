"""Video files and folders of pictures: what they hold, and their frames."""
