"""Features of whole videos, written segment by segment: a long video takes no more memory."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from ml.data.features.joining import crops_of, n_rows_of
from ml.data.features.layouts import AUDIO
from ml.data.features.pairing import Clock, pair
from ml.extraction._base import Extractor, Row, Tell
from ml.extraction.segments import Remainder
from ml.findings import Finding, Level
from ml.records import BadInput, FeaturePart, FeatureRecord, Manifest, VideoRecord
from ml.reports import Reporter


def extract(
    extractor: Extractor,
    video: VideoRecord,
    path: Path,
    *,
    frames_per_row: int = 16,
    remainder: Remainder = "drop",
    tell: Tell = lambda _text: None,
) -> int:
    """Write the features (T, K, D) of `video` to the .npy file `path`; return T.

    What is odd about the video is told. `path` is there when it is whole, and only then. Raise
    BadInput for a video that cannot be decoded, or features that are no finite numbers.
    """
    extractor.check_length(frames_per_row)
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    rows = extractor.rows(video, frames_per_row=frames_per_row, remainder=remainder, tell=tell)
    try:
        # Written through a file, not through a map: a full disk is then an error, not SIGBUS.
        with partial.open("wb") as file:
            n_rows = _write(file, rows, extractor.shape, video.name)
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
    rule: Any = {"frames_per_row": frames_per_row, "remainder": remainder}
    known = []
    for done, (video, path) in enumerate(zip(listed, paths, strict=True)):
        reporter.progress(stage="extract", done=done, total=len(listed), unit="videos")
        told = partial(_tell, reporter, video)
        try:
            if not path.exists():
                path.parent.mkdir(parents=True, exist_ok=True)
                extract(extractor, video, path, **rule, tell=partial(told, "warning"))
            features = _record(extractor, video, path, frames_per_row)
        except BadInput as error:
            told("error", str(error))
            known.append(replace(video, features=None))
            continue
        known.append(replace(video, features=features))
        n_rows = len(np.load(path, mmap_mode="r"))
        reporter.send("features", video_id=video.id, path=str(path), n_rows=n_rows)
    return Manifest(videos=tuple(known))


def _tell(reporter: Reporter, video: VideoRecord, level: Level, text: str) -> None:
    reporter.send("finding", **asdict(Finding(level=level, subject=video.name, text=text)))


def _record(
    extractor: Extractor, video: VideoRecord, path: Path, frames_per_row: int
) -> FeatureRecord:
    """Of the file alone, or of the picture's with it. Raise BadInput where rows do not pair."""
    before = video.features
    if not extractor.ending or before is None:
        return FeatureRecord(path=str(path), frames_per_row=frames_per_row)
    if str(path) in before.files:
        return before
    if (before.frames_per_row, before.first_frame, before.row_length) != (frames_per_row, 0, 0):
        raise BadInput(
            f"{video.name} has features whose rows are not made of {frames_per_row} frames each, "
            "from the first on: sound is made for the same rows"
        )
    parts = before.parts or (FeaturePart(paths=(before.path,)),)
    clock = Clock(n_frames=video.n_frames, fps=0.0, frames=frames_per_row)
    n_rows = len(np.load(path, mmap_mode="r"))
    pair(AUDIO, n_rows, n_rows_of(parts, [crops_of(part) for part in parts]), clock, path.name)
    return replace(before, parts=(*parts, FeaturePart(paths=(str(path),))))


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


def _write(file: BinaryIO, rows: Iterable[Row], shape: tuple[int, int], name: str) -> int:
    """The rows after a header, which is written again when their number is known."""
    n_rows = 0
    _write_header(file, (0, *shape))
    for row in rows:
        assert row.shape == shape, f"an extractor of {shape} numbers made {row.shape}"
        if not np.isfinite(row).all():
            raise BadInput(f"{name}: the features of segment {n_rows} are no finite numbers")
        file.write(np.ascontiguousarray(row, "<f4").data)
        n_rows += 1
    file.seek(0)
    _write_header(file, (n_rows, *shape))
    return n_rows


def _write_header(file: BinaryIO, shape: tuple[int, ...]) -> None:
    """NumPy pads the header so that the first axis can grow without moving the data."""
    header = {"descr": "<f4", "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(file, header)
