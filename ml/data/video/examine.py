"""One pass over a video of unknown origin: its facts, its time table and what people see of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal

import numpy as np

from ml.data.video.media import Media
from ml.data.video.numbering import FrameNumbers
from ml.data.video.outline import Outline, outline
from ml.data.video.pixels import Range, Scale, common_scale
from ml.data.video.probe import Facts, OnFrame, measure, probe

Kind = Literal["file", "frames"]


def examine(
    path: Path,
    *,
    kind: Kind,
    fps: float | None,
    folder: Path,
    frame_numbers: FrameNumbers = "",
    scale: Scale | None = None,
) -> dict[str, Any]:
    """Files go below `folder` and are named in the answer. Raise BadInput for an unfit video.

    `fps` and `frame_numbers` are what somebody said of a folder of images. `scale` brings
    pixels of more than 8 bits to bytes; without it the answer is their `range` alone.
    """
    reader = _reader(path, kind, fps=fps, frame_numbers=frame_numbers)
    if scale is None and (found := reader.range()):
        return {"range": asdict(found)}
    media = Media(folder, reader.seen, scale)
    facts = reader.read(scale, on_frame=media.add)
    np.save(folder / "pts.npy", facts.pts)
    return _describe(facts, scale) | {"pts": "pts.npy"} | media.finish()


def facts_of(path: Path) -> dict[str, Any]:
    """The facts alone, for a person at a terminal. Raise BadInput for an unfit video."""
    reader = _reader(path, "frames" if path.is_dir() else "file")
    found = reader.range()
    scale = common_scale([found]) if found else None
    return _describe(reader.read(scale, on_frame=lambda frame: None), scale)


def _describe(facts: Facts, scale: Scale | None) -> dict[str, Any]:
    """All facts but the time table, as JSON."""
    return {
        "n_frames": len(facts.pts),
        "fps": facts.fps,
        "is_variable_rate": facts.is_variable_rate,
        "duration_seconds": facts.duration_seconds,
        "width": facts.width,
        "height": facts.height,
        "rotation": facts.rotation,
        "codec": facts.codec,
        "has_audio": facts.has_audio,
        "sha256": facts.sha256,
        "n_bytes": facts.n_bytes,
        "pixel_low": scale.low if scale else 0,
        "pixel_high": scale.high if scale else 0,
        "numbering_fault": facts.fault,
        "warnings": list(facts.warnings),
        "notes": list(facts.notes),
    }


@dataclass(frozen=True, kw_only=True)
class _Reader:
    """The outline, what finds the range of deep pixels, and what reads everything."""

    seen: Outline
    range: Callable[[], Range | None]
    read: Callable[..., Facts]


def _reader(
    path: Path, kind: Kind, *, fps: float | None = None, frame_numbers: FrameNumbers = ""
) -> _Reader:
    if kind == "file":
        seen = outline(path)
        is_deep = seen.depth > 8 and seen.is_grey
        return _Reader(
            seen=seen,
            range=lambda: measure(path) if is_deep else None,
            read=lambda scale, on_frame: probe(path, seen, on_frame=on_frame),
        )
    from ml.data.video import sequences  # loads OpenCV

    seen = sequences.outline_images(path, fps=fps)

    def read(scale: Scale | None, *, on_frame: OnFrame) -> Facts:
        return sequences.probe_images(
            path, seen, on_frame=on_frame, fps=fps, frame_numbers=frame_numbers, scale=scale
        )

    return _Reader(seen=seen, range=partial(sequences.measure_images, path), read=read)
