"""Features of whole videos, written segment by segment: a long video takes no more memory."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from ml.extraction._base import Extractor, Row, Warn
from ml.extraction._records import record_of
from ml.extraction.segments import Remainder
from ml.findings import Finding, Level
from ml.records import BadInput, Manifest, VideoRecord
from ml.reports import Reporter


def extract(
    extractor: Extractor,
    video: VideoRecord,
    path: Path,
    *,
    frames_per_row: int = 16,
    remainder: Remainder = "drop",
    warn: Warn = lambda _text: None,
    takes_own_rows: bool = False,
    on_row: Callable[[int], None] = lambda n_rows: None,
) -> int:
    """Write the features (T, K, D) of `video` to the .npy file `path`; return T.

    What is odd about the video is told, and `on_row` how many rows there are so far. `path` is
    there when it is whole, and only then. Raise BadInput for a video that cannot be decoded,
    features that are no finite numbers, and rows that are not of `frames_per_row` frames, unless
    the caller asks `record_of` of how many they are.
    """
    extractor.check_length(frames_per_row)
    if extractor.row_seconds and not takes_own_rows:
        raise BadInput(
            f"{extractor.title} would make a row of each {extractor.row_seconds} s and not of "
            f"{frames_per_row} frames: that is for the command line alone"
        )
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    rows = extractor.rows(video, frames_per_row=frames_per_row, remainder=remainder, warn=warn)
    try:
        # Written through a file, not through a map: a full disk is then an error, not SIGBUS.
        with partial.open("wb") as file:
            n_rows = _write(file, rows, extractor.shape, video.name, on_row)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    return n_rows


def extract_all(
    extractor: Extractor,
    videos: Iterable[VideoRecord],
    folder: Path,
    reporter: Reporter,
    *,
    frames_per_row: int = 16,
    remainder: Remainder = "drop",
) -> Manifest:
    """Each into a file of its own, named as the video; return the videos with their features.

    Files that are there already are left alone: an extraction that was ended goes on. A video of
    which none can be made is told, and has none. Sound of videos that have features of the picture
    stands after these.
    """
    listed = list(videos)
    paths = _paths(listed, folder, extractor.ending)
    rule: Any = {"frames_per_row": frames_per_row, "remainder": remainder, "takes_own_rows": True}
    known = []
    for done, (video, path) in enumerate(zip(listed, paths, strict=True)):
        reporter.progress(stage="extract", done=done, total=len(listed), unit="videos")
        report = partial(_send_finding, reporter, video)
        try:
            if not path.exists():
                path.parent.mkdir(parents=True, exist_ok=True)
                extract(extractor, video, path, **rule, warn=partial(report, "warning"))
            features = record_of(extractor, video, path, frames_per_row)
        except BadInput as error:
            report("error", str(error))
            known.append(replace(video, features=None))
            continue
        known.append(replace(video, features=features))
        n_rows = len(np.load(path, mmap_mode="r"))
        reporter.send("features", video_id=video.id, path=str(path), n_rows=n_rows)
    return Manifest(videos=tuple(known))


def _send_finding(reporter: Reporter, video: VideoRecord, level: Level, text: str) -> None:
    reporter.send("finding", **asdict(Finding(level=level, subject=video.name, text=text)))


def _paths(videos: Sequence[VideoRecord], folder: Path, ending: str) -> list[Path]:
    """Named and ordered into folders as the videos are; by their ids where two are alike."""
    paths = [Path(video.path).absolute() for video in videos]
    top = os.path.commonpath([path.parent for path in paths]) if paths else ""
    names = [
        str((path.with_suffix("") if video.kind == "file" else path).relative_to(top))
        for video, path in zip(videos, paths, strict=True)
    ]
    count = Counter(names)
    return [
        folder / f"{name if count[name] == 1 else video.id}{ending}.npy"
        for name, video in zip(names, videos, strict=True)
    ]


def _write(
    file: BinaryIO,
    rows: Iterable[Row],
    shape: tuple[int, int],
    name: str,
    on_row: Callable[[int], None],
) -> int:
    """The rows after a header, which is written again when their number is known."""
    n_rows = 0
    _write_header(file, (0, *shape))
    for row in rows:
        assert row.shape == shape, f"an extractor of {shape} numbers made {row.shape}"
        if not np.isfinite(row).all():
            raise BadInput(f"{name}: the features of segment {n_rows} are no finite numbers")
        file.write(np.ascontiguousarray(row, "<f4").data)
        n_rows += 1
        on_row(n_rows)
    file.seek(0)
    _write_header(file, (n_rows, *shape))
    return n_rows


def _write_header(file: BinaryIO, shape: tuple[int, ...]) -> None:
    """NumPy pads the header so that the first axis can grow without moving the data."""
    header = {"descr": "<f4", "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(file, header)
