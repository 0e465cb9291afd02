"""Takes what the survey's child process reports about a video into its row.

The child reads hostile files, so nothing it says is believed that can be checked here: it
may name no file outside its own folder and no video outside the dataset's.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from django.core.files import File
from django.db import transaction
from django.db.models.fields.files import FieldFile

from webapp.common.beneath import open_beneath
from webapp.datasets.models import Video, clock_of

FACTS = (
    "kind", "path", "part", "label", "status", "reason", "sha256", "n_bytes", "n_frames", "width",
    "height", "rotation", "fps", "is_variable_rate", "duration_seconds", "codec", "has_audio",
    "proxy_fps",
)  # fmt: skip
# Only told where they say something.
RARE_FACTS = {"pixel_low": 0, "pixel_high": 0, "numbering_fault": ""}
FILES = {"proxy": "proxy.mp4", "poster": "poster.jpg", "contact_sheet": "contact_sheet.jpg"}
MAX_NAME_LENGTH = 300
MAX_LABEL_LENGTH = 80


def storable(text: str) -> str:
    """File names may hold bytes that are no text, which the database cannot keep."""
    return text.replace("\0", "").encode(errors="backslashreplace").decode()


def name_refusal(name: str) -> str:
    """Why a video of this name cannot be stored, or nothing."""
    if len(name) > MAX_NAME_LENGTH:
        return f"The name is longer than {MAX_NAME_LENGTH} characters: rename the file."
    if name != storable(name):
        return "The name holds bytes that are no text: rename the file."
    return ""


def interval_refusal(video: Video | None, start: int, end: int) -> str:
    """Why the frames [start, end) cannot be abnormal ones of `video`, or nothing."""
    if video is None:
        return f"Ground truth [{start}, {end}) is left out: there is no video of this name."
    if not 0 <= start < end:
        return f"Ground truth [{start}, {end}) is left out: it holds no frame."
    if video.status == Video.Status.READY and end > video.n_frames:
        return f"Ground truth [{start}, {end}) is left out: the video has {video.n_frames} frames."
    return ""


def fill_in(video: Video, event: dict[str, Any], *, folder: Path) -> None:
    """Set the fields of `video` and take its files into the storage. Does not save the row."""
    appearance = (video.proxy_fps, video.width, video.height)
    for name in FACTS:
        setattr(video, name, event[name])
    for name, usual in RARE_FACTS.items():
        value = event.get(name, usual)
        setattr(video, name, storable(value) if isinstance(value, str) else value)
    if event["status"] == Video.Status.READY:
        _inside(Path(video.dataset.folder), event["path"])
        video.pts_seconds = _pts(folder, event["pts"], event["n_frames"])
        video.duration_seconds = _seconds(video)
        is_other = appearance != (video.proxy_fps, video.width, video.height)
        for field, file_name in FILES.items():
            made = (folder, event[field])
            _keep(getattr(video, field), *made, file_name, is_other=is_other)


def _inside(folder: Path, path: str) -> Path:
    """Raise ValueError when `path`, links followed, leads out of `folder`."""
    resolved = (folder / path).resolve()
    if not resolved.is_relative_to(folder.resolve()):
        raise ValueError(f"the survey names {path}, which is outside {folder}")
    return resolved


def _pts(folder: Path, name: str, n_frames: int) -> bytes:
    with open_beneath(folder, name) as file:
        pts = np.load(file, allow_pickle=False)
    if pts.shape != (n_frames,):
        raise ValueError(f"{n_frames} frames, but times of shape {pts.shape}")
    if not (np.isfinite(pts).all() and (np.diff(pts) > 0).all()):
        raise ValueError("the times of frames do not rise")
    return pts.astype("<f8").tobytes()


def _seconds(video: Video) -> float:
    clock = clock_of(video.pts_seconds, video.n_frames, video.fps)
    return clock.seconds if clock else 0.0


def _keep(file: FieldFile, folder: Path, name: str, file_name: str, *, is_other: bool) -> None:
    """The same content needs its files once: a repeated import keeps the stored ones.

    Unless it shows them at another rate or in another shape. Source and former file go only
    after the commit, so that an event can be stored again after a failure.
    """
    stored = str(file.name) if file and file.storage.exists(str(file.name)) else ""
    if stored and not is_other:
        return
    if stored:
        transaction.on_commit(partial(file.storage.delete, stored))
    with open_beneath(folder, name) as opened:
        file.save(file_name, File(opened), save=False)
    transaction.on_commit(partial((folder / name).unlink, missing_ok=True))
