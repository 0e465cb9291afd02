"""Names that files call videos by, where others are called nearly so."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.door._base import NOBODY_KNOWS, Bring, Brought, Case, kind
from benchmarks.door._doors import clip, truth

LEFT_OUT = ("It does not name", "Test videos of which the file says nothing")
ACCENT = unicodedata.normalize("NFC", "Gerät")
APART = unicodedata.normalize("NFD", "Gerät")
KANA = unicodedata.normalize("NFC", "カメラで")
KANA_APART = unicodedata.normalize("NFD", "カメラで")
# What a file calls a video, the videos of the dataset, and which of them is meant.
MEANT: Sequence[tuple[str, tuple[str, ...], str]] = (
    ("01.mp4", ("01", "02"), "01"),
    ("01.MP4", ("01", "02"), "01"),
    ("01.avi", ("01", "02"), "01"),
    ("01.ts", ("01", "02"), "01"),
    ("01.h264", ("01", "02"), "01"),
    ("1", ("01", "02"), "01"),
    ("001", ("1", "2"), "1"),
    ("01", ("1", "01"), "01"),
    ("1", ("1", "01"), "1"),
    ("10", ("1", "10"), "10"),
    ("test/01.mp4", ("train/01", "test/01"), "test/01"),
    ("Testing/01", ("train/01", "test/01"), "test/01"),
    ("TEST\\01.MP4", ("train/01", "test/01"), "test/01"),
    ("C:\\data\\test\\01.mp4", ("train/01", "test/01"), "test/01"),
    ("\\\\nas\\share\\test\\01.mp4", ("train/01", "test/01"), "test/01"),
    ("/mnt/data/test/01.mp4", ("train/01", "test/01"), "test/01"),
    ("./test/01.mp4", ("train/01", "test/01"), "test/01"),
    ("../data/test/01.mp4", ("train/01", "test/01"), "test/01"),
    ("test//01.mp4", ("train/01", "test/01"), "test/01"),
    ("Test001", ("train/001", "test/001"), "test/001"),
    ("camA/01.mp4", ("camA/01", "camB/01"), "camA/01"),
    ("cama/01.mp4", ("camA/01", "camB/01"), "camA/01"),
    ("data/camB/01.mp4", ("camA/01", "camB/01"), "camB/01"),
    ("Cam1", ("cam1", "CAM2"), "cam1"),
    ("CAM1", ("cam1", "CAM1"), "CAM1"),
    ("01.avi", ("01.avi", "01.mp4"), "01.avi"),
    ("v1.0", ("v1.0", "v1.5"), "v1.0"),
    ("v1.0.mp4", ("v1.0", "v1"), "v1.0"),
    ("2024.05.01.mp4", ("2024.05.01", "2024.05.02"), "2024.05.01"),
    (APART, (ACCENT, "other"), ACCENT),
    (ACCENT, (APART, "other"), APART),
    (KANA_APART, (KANA, "other"), KANA),
    ("Normal_Videos_003", ("Normal_Videos_003", "Normal_Videos003"), "Normal_Videos_003"),
    ("01_0014", ("01_0014", "01_014"), "01_0014"),
    ("front door 2.mp4", ("front door 2", "front"), "front door 2"),
    ("a&b #1.mp4", ("a&b #1", "a"), "a&b #1"),
)
# What means none of the videos, or any of several.
UNMEANT: Sequence[tuple[str, tuple[str, ...]]] = (
    ("01", ("camA/01", "camB/01")),
    ("camC/01", ("camA/01", "camB/01")),
    ("train/01", ("test/01", "test/02")),
    ("Train001", ("test/001", "test/002")),
    ("val/01.mp4", ("train/01", "test/01")),
    ("001", ("1", "01")),
    ("01_014", ("01_0014", "01_0015")),
    ("01", ("01.avi", "01.mp4")),
    ("CAM1", ("cam1", "Cam1")),
    ("cam1", ("cam10", "cam11")),
    ("am1", ("cam1", "cam2")),
    ("cam 1", ("cam_1", "cam_2")),
    ("x/test/01", ("y/test/01", "z/test/01")),
    ("day1/01", ("01/day1", "02/day1")),
)  # fmt: skip


@kind("names of videos in ground truth")
def cases() -> Iterator[Case]:
    for called, names, meant in MEANT:
        right: dict[str, Any] = {name: [] for name in names if _is_tested(name, names)}
        right[meant] = [(60, 180, "fall")]
        text = f'video,start_frame,end_frame,label\n"{called}",60,180,fall\n'
        yield Case(name=f"{called} among {' and '.join(names)}", right=right,
                   bring=_sharp(truth("gt.csv", text, _clips(names))))  # fmt: skip
    for called, names in UNMEANT:
        text = f'video,start_frame,end_frame,label\n"{called}",60,180,fall\n'
        others = "".join(f'"{name}",,,\n' for name in names)
        yield Case(name=f"{called}, which is none of {' and '.join(names)}", right=NOBODY_KNOWS,
                   bring=truth("gt.csv", text + others, _clips(names)))  # fmt: skip
    yield from _addresses()


def _sharp(bring: Bring) -> Bring:
    """Without what is told of the videos that the file leaves out, which is no word on names."""

    def brought(folder: Path) -> Brought:
        found = bring(folder)
        findings = tuple(each for each in found.findings if not each.startswith(LEFT_OUT))
        return replace(found, findings=findings)

    return brought


def _clips(names: Sequence[str]) -> list[Any]:
    return [clip(name, part=_part(name)) for name in names]


def _part(name: str) -> str:
    return name.partition("/")[0] if name.startswith(("train/", "test/")) else ""


def _is_tested(name: str, names: Sequence[str]) -> bool:
    """All of them where no part is known."""
    return _part(name) == "test" or not any(map(_part, names))


def _addresses() -> Iterator[Case]:
    """As Label Studio, ELAN and others write where a video lies."""
    for address, names, meant in (
        ("/data/upload/3/1a2b3c4d-01.mp4", ("01", "02"), "01"),
        ("/data/local-files/?d=cam/01.mp4", ("cam/01", "02"), "cam/01"),
        ("/data/local-files/?d=cam%2F%E5%BB%8A%E4%B8%8B%201.mp4", ("cam/廊下 1", "1"),
         "cam/廊下 1"),
        ("s3://bucket/test/01.mp4", ("test/01", "train/01"), "test/01"),
        ("https://nas.local/test/01.mp4?X-Amz-Date=20240501&sig=a/b", ("test/01", "train/01"),
         "test/01"),
        ("s3://bucket/20240501-01.mp4", ("20240501-01", "01"), "20240501-01"),
        ("/data/local-files/?d=20240501-01.mp4", ("20240501-01", "01"), "20240501-01"),
        ("https://nas.local/deadbeef-01.mp4", ("deadbeef-01", "01"), "deadbeef-01"),
        ("/data/upload/3/1a2b3c4d-20240501-01.mp4", ("20240501-01", "01"), "20240501-01"),
    ):  # fmt: skip
        region = {"type": "labels", "value": {"start": 2.4, "end": 7.2, "labels": ["fall"]}}
        task = {"data": {"video": address}, "annotations": [{"result": [region]}]}
        right: dict[str, Any] = {name: [] for name in names if _is_tested(name, names)}
        right[meant] = [(60, 180, "fall")]
        bring = _sharp(truth("export.json", json.dumps([task]), _clips(names)))
        yield Case(name=f"the address {address}", right=right, bring=bring)
