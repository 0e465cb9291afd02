"""What names and folders of the public datasets tell about a video."""

from __future__ import annotations

import re

from ml.naming import PART_FOLDERS
from ml.normal import ABNORMAL, NORMAL, is_normal

NO_CLASSES = {*PART_FOLDERS, "videos", "video", "frames", "rgb"}
UCF_NAME = re.compile(r"([A-Z][A-Za-z]+?)_?\d{3}_x264")
XD_NAME = re.compile(r".*_label_([A-Z0-9][^_/\\]*)")


def label_of_folder(folder: str) -> str:
    """UCF-Crime has a folder per class, and three for normal videos."""
    if is_normal(folder):
        return NORMAL
    return "" if folder.lower() in NO_CLASSES else folder


def label_of_ucf_name(name: str) -> str:
    """`Abuse028_x264` is of the class Abuse, `Normal_Videos_943_x264` is normal."""
    if name.startswith("Normal_Videos"):
        return NORMAL
    match = UCF_NAME.fullmatch(name)
    return match[1] if match else ""


def label_of_xd_name(name: str) -> str:
    """`…_label_G-B2-B6` is of the class G first of all, `…_label_A` is normal."""
    match = XD_NAME.fullmatch(name)
    first = match[1].split("-")[0] if match else ""
    return NORMAL if first == "A" else first


def label_of_digit(digit: str) -> str:
    return ABNORMAL if float(digit) else NORMAL
