"""Scores of many videos: computed by a method, kept as one .npy each and an index.

Where they come from in the picture is kept beside them, if wanted, as a PNG for each video.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from ml.explain.maps import Explains, Maps
from ml.methods import Method
from ml.records import BadInput, Scores, VideoRecord
from ml.reports import Reporter

INDEX = "scores.json"


def score_videos(
    method: Method,
    videos: Iterable[VideoRecord],
    folder: Path,
    reporter: Reporter,
    *,
    with_maps: bool = False,
) -> dict[str, Any]:
    """Score each video and tell of it at once. Return what there is to say about all of them.

    `with_maps`: explain the test videos too, where the method can.
    """
    videos = list(videos)
    index: dict[str, Any] = {}
    for number, video in enumerate(videos):
        reporter.progress(stage="score", done=number, total=len(videos), unit="videos")
        scores, maps = _scores_of(method, video, with_maps=with_maps and video.part == "test")
        path = folder / f"scores-{number:05d}.npy"
        np.save(path, scores.values)
        where = {"first_frame": scores.first_frame, "frames_per_value": scores.frames_per_value}
        index[video.id] = {"file": path.name, **where}
        reporter.send("scores", video_id=video.id, path=str(path), **where)
        if maps is not None and len(maps.levels):
            sheet = path.with_name(f"maps-{number:05d}.png")
            facts = _save_maps(method, maps, sheet)
            index[video.id]["maps"] = {"file": sheet.name} | facts
            reporter.send("explanation", video_id=video.id, path=str(sheet), **facts)
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
    values = np.load(folder / entry["file"], allow_pickle=False)
    if values.dtype != np.float64:
        values = values.astype(np.float32)
    return Scores(
        values=values,
        first_frame=entry["first_frame"],
        frames_per_value=entry["frames_per_value"],
    )


def _save_maps(method: Method, maps: Maps, path: Path) -> dict[str, Any]:
    """Return what has to be known to read them."""
    assert isinstance(method, Explains)
    maps.save(path)
    return maps.facts(maps.rule(method.map_rule))


def _scores_of(
    method: Method, video: VideoRecord, *, with_maps: bool
) -> tuple[Scores, Maps | None]:
    if with_maps and isinstance(method, Explains):
        scores, maps = method.explain(video)
    else:
        scores, maps = method.score(video), None
    check_scores(scores, video)
    return scores, maps


def check_scores(scores: Scores, video: VideoRecord) -> None:
    """Raise BadInput, with the video's name, where they are no scores of it."""
    covered = scores.first_frame + len(scores.values) * scores.frames_per_value
    try:
        scores.check(video.n_frames or covered)
    except BadInput as error:
        raise BadInput(f"{video.name}: {error}") from error
