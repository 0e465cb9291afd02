"""What names and folders of the public datasets tell about a video."""

from __future__ import annotations

import re

from ml.records import Part
from ml.splits.lists._base import ABNORMAL, NORMAL

VIDEO_ENDING = re.compile(r"\.(mp4|avi|mkv|mov|m4v|mpg|mpeg|webm|wmv)$", re.IGNORECASE)
PART_OF_FOLDER: dict[str, Part] = {
    "train": "train", "training": "train",
    "val": "validation", "validation": "validation",
    "test": "test", "testing": "test",
}  # fmt: skip
NO_CLASSES = {*PART_OF_FOLDER, "videos", "video", "frames", "rgb"}
UCF_NAME = re.compile(r"([A-Z][A-Za-z]+?)_?\d{3}_x264")


def without_ending(name: str) -> str:
    """Names of XD-Violence hold dots, so only the endings of videos are taken off."""
    return VIDEO_ENDING.sub("", name)


def part_of(folder: str) -> Part | None:
    """The part that a folder is named after."""
    return PART_OF_FOLDER.get(folder.lower())


def label_of_folder(folder: str) -> str:
    """UCF-Crime has a folder per class, and three for normal videos."""
    if "normal" in folder.lower():
        return NORMAL
    return "" if folder.lower() in NO_CLASSES else folder


def label_of_ucf_name(name: str) -> str:
    """`Abuse028_x264` is of the class Abuse, `Normal_Videos_943_x264` is normal."""
    if name.startswith("Normal_Videos"):
        return NORMAL
    match = UCF_NAME.fullmatch(name)
    return match[1] if match else ""


def label_of_digit(digit: str) -> str:
    return ABNORMAL if float(digit) else NORMAL
