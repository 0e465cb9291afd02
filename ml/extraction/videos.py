"""Features of whole videos, written segment by segment: a long video takes no more memory."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from ml.data.video.decode import decode
from ml.extraction._base import Extractor
from ml.extraction.segments import Remainder, segments
from ml.records import BadInput, FeatureRecord, Manifest, VideoRecord
from ml.reports import Reporter

Row = NDArray[np.float32]


def extract(
    extractor: Extractor,
    video: VideoRecord,
    path: Path,
    *,
    frames_per_row: int = 16,
    remainder: Remainder = "drop",
    on_row: Callable[[int], None] = lambda n_rows: None,
) -> int:
    """Write the features (T, K, D) of `video` to the .npy file `path`; return T.

    `path` is there when it is whole, and only then. `on_row` is told how many rows there are so
    far. Raise BadInput for a video that cannot be decoded, or features that are no finite numbers.
    """
    extractor.check_length(frames_per_row)
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    frames = decode(video, size=extractor.size, grey=extractor.is_grey)
    rows = map(extractor.features, segments(frames, frames_per_row, remainder=remainder))
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

    Files that are there already are left alone: an extraction that was ended goes on.
    """
    listed = list(videos)
    known = []
    for done, (video, path) in enumerate(zip(listed, _paths(listed, folder), strict=True)):
        reporter.progress(stage="extract", done=done, total=len(listed), unit="videos")
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            extract(extractor, video, path, frames_per_row=frames_per_row, remainder=remainder)
        features = FeatureRecord(path=str(path), frames_per_row=frames_per_row)
        known.append(replace(video, features=features))
        n_rows = len(np.load(path, mmap_mode="r"))
        reporter.send("features", video_id=video.id, path=str(path), n_rows=n_rows)
    return Manifest(videos=tuple(known))


def _paths(videos: Sequence[VideoRecord], folder: Path) -> list[Path]:
    """Named and ordered into folders as the videos are; by their ids where two are alike."""
    paths = [Path(video.path).absolute() for video in videos]
    top = os.path.commonpath([path.parent for path in paths]) if paths else ""
    names = [
        str((path.with_suffix("") if video.kind == "file" else path).relative_to(top))
        for video, path in zip(videos, paths, strict=True)
    ]
    count = Counter(names)
    return [
        folder / f"{name if count[name] == 1 else video.id}.npy"
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
