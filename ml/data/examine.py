"""One pass over a video of unknown origin: its facts, its time table and what people see of it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Literal

import numpy as np

from ml.data.media import Media
from ml.data.probe import Facts, Outline, outline, probe
from ml.data.sequences import outline_images, probe_images


def examine(
    path: Path, *, kind: Literal["file", "frames"], fps: float | None, folder: Path
) -> dict[str, Any]:
    """Files go below `folder` and are named in the answer. Raise BadInput for an unfit video."""
    seen, read = _reader(path, kind=kind, fps=fps)
    media = Media(folder, seen)
    facts = read(on_frame=media.add)
    np.save(folder / "pts.npy", facts.pts)
    return _describe(facts) | {"pts": "pts.npy"} | media.finish()


def look(path: Path) -> dict[str, Any]:
    """The facts alone, for a person at a terminal. Raise BadInput for an unfit video."""
    _, read = _reader(path, kind="frames" if path.is_dir() else "file", fps=None)
    return _describe(read(on_frame=lambda frame: None))


def _describe(facts: Facts) -> dict[str, Any]:
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
        "warnings": list(facts.warnings),
    }


def _reader(
    path: Path, *, kind: Literal["file", "frames"], fps: float | None
) -> tuple[Outline, Callable[..., Facts]]:
    if kind == "frames":
        seen = outline_images(path, fps=fps)
        return seen, partial(probe_images, path, seen)
    seen = outline(path)
    return seen, partial(probe, path, seen)
