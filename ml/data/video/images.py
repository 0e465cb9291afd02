"""Folders of images as videos: which files are their frames, and in which order."""

from __future__ import annotations

from pathlib import Path

from ml.data.video.numbering import Numbering, read_numbering

DEFAULT_FPS = 25.0  # where nobody says at which rate images were taken
IMAGE_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".webp"})


def image_files(folder: Path) -> list[Path]:
    """The images of `folder` that are frames, in their order: 2 before 10.

    Hidden files are left out: macOS puts a `._` file beside each image it copies.
    """
    return [folder / name for name in numbering_of(folder).names]


def numbering_of(folder: Path) -> Numbering:
    """What the names of its images say. Import, training, scoring and proxies all go by it."""
    names = [path.name for path in folder.iterdir() if is_image(path)]
    return read_numbering(names, lambda name: (folder / name).lstat().st_size)


def is_image(path: Path) -> bool:
    return path.suffix.lower() in IMAGE_SUFFIXES and not path.name.startswith(".")
