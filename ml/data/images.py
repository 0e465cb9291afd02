"""Folders of images as videos: which files are their frames, and in which order."""

from __future__ import annotations

from pathlib import Path

from ml.records import natural_key

DEFAULT_FPS = 25.0  # where nobody says at which rate images were taken
IMAGE_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".webp"})


def image_files(folder: Path) -> list[Path]:
    """The images of `folder` in the order of the numbers in their names: 2 before 10.

    Hidden files are left out: macOS puts a `._` file beside each image it copies.
    """
    images = (path for path in folder.iterdir() if is_image(path))
    return sorted(images, key=lambda path: natural_key(path.name))


def is_image(path: Path) -> bool:
    return path.suffix.lower() in IMAGE_SUFFIXES and not path.name.startswith(".")
