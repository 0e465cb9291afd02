"""Scores of many videos: computed by a method, kept as one .npy each and an index."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from ml.data.decode import name_of
from ml.events import Reporter
from ml.methods._base import Method
from ml.records import BadInput, Scores, VideoRecord

INDEX = "scores.json"


def score_videos(
    method: Method, videos: Iterable[VideoRecord], folder: Path, reporter: Reporter
) -> dict[str, Any]:
    """Score each video and tell of it at once. Return what there is to say about all of them."""
    videos = list(videos)
    index: dict[str, Any] = {}
    for number, video in enumerate(videos):
        reporter.progress(stage="score", done=number, total=len(videos), unit="videos")
        scores = _checked_scores(method, video)
        path = folder / f"scores-{number:05d}.npy"
        np.save(path, scores.values)
        where = {"first_frame": scores.first_frame, "frames_per_value": scores.frames_per_value}
        index[video.id] = {"file": path.name, **where}
        reporter.send("scores", video_id=video.id, path=str(path), **where)
    (folder / INDEX).write_text(json.dumps({"rule": method.rule, "scores": index}, indent=1))
    return {"rule": method.rule, "n_videos": len(videos)}


def load_scores(folder: Path) -> dict[str, Scores]:
    """By video id, as `score_videos` left them."""
    try:
        index = json.loads((folder / INDEX).read_text())["scores"]
        return {video_id: _load(folder, entry) for video_id, entry in index.items()}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BadInput(f"{folder} holds no readable scores: {error}") from error


def _load(folder: Path, entry: dict[str, Any]) -> Scores:
    values = np.load(folder / entry["file"], allow_pickle=False).astype(np.float32)
    return Scores(
        values=values,
        first_frame=entry["first_frame"],
        frames_per_value=entry["frames_per_value"],
    )


def _checked_scores(method: Method, video: VideoRecord) -> Scores:
    scores = method.score(video)
    covered = scores.first_frame + len(scores.values) * scores.frames_per_value
    try:
        scores.check(video.n_frames or covered)
    except BadInput as error:
        raise BadInput(f"{name_of(video)}: {error}") from error
    return scores
