"""Scores of many videos: computed by a method, kept as one .npy each and an index.

Where they come from in the picture is kept beside them, if wanted, as a PNG for each video.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Protocol, runtime_checkable

import numpy as np

from ml.explain.maps import Explains, Maps
from ml.methods import Method
from ml.records import BadInput, Scores, VideoRecord
from ml.reports import Reporter

INDEX = "scores.json"


@runtime_checkable
class ScoresInWays(Protocol):
    """A method that scores by several configs what it has read once."""

    rule: ClassVar[str]

    def score_ways(self, video: VideoRecord, configs: Sequence[Any]) -> list[Scores]: ...


def score_videos(
    method: Method,
    videos: Iterable[VideoRecord],
    folder: Path,
    reporter: Reporter,
    *,
    with_maps: bool = False,
    way: str = "",
) -> dict[str, Any]:
    """Score each video and tell of it at once. Return what there is to say about all of them.

    `with_maps`: explain the test videos too, where the method can. `way` names one of several in
    which videos are scored.
    """
    videos = list(videos)
    folder.mkdir(parents=True, exist_ok=True)
    of_way = {"way": way} if way else {}
    index: dict[str, Any] = {}
    for number, video in enumerate(videos):
        reporter.progress(stage="score", done=number, total=len(videos), unit="videos")
        scores, maps = _scores_of(method, video, with_maps=with_maps and video.part == "test")
        index[video.id], event = _save_scores(scores, folder / _file_name(number))
        reporter.send("scores", video_id=video.id, **event, **of_way)
        if maps is not None and len(maps.levels):
            sheet = folder / f"maps-{number:05d}.png"
            facts = _save_maps(method, maps, sheet)
            index[video.id]["maps"] = {"file": sheet.name} | facts
            reporter.send("explanation", video_id=video.id, path=str(sheet), **facts)
    _save_index(folder, method.rule, index)
    return {"rule": method.rule, "n_videos": len(videos)}


def score_in_ways(
    method: ScoresInWays,
    videos: Iterable[VideoRecord],
    folder: Path,
    reporter: Reporter,
    ways: Mapping[str, Any],
) -> dict[str, Any]:
    """As `score_videos`, by each of the configs `ways`, in a folder of its name.

    They differ in options of the group "Scoring" alone. Each video's features are read once.
    """
    videos = list(videos)
    indices: dict[str, dict[str, Any]] = {way: {} for way in ways}
    for way in ways:
        (folder / way).mkdir(parents=True, exist_ok=True)
    for number, video in enumerate(videos):
        reporter.progress(stage="score", done=number, total=len(videos), unit="videos")
        found = method.score_ways(video, list(ways.values()))
        for way, scores in zip(ways, found, strict=True):
            check_scores(scores, video)
            path = folder / way / _file_name(number)
            indices[way][video.id], event = _save_scores(scores, path)
            reporter.send("scores", video_id=video.id, way=way, **event)
    for way, index in indices.items():
        _save_index(folder / way, method.rule, index)
    return {"rule": method.rule, "n_videos": len(videos), "n_ways": len(ways)}


def _save_scores(scores: Scores, path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the index says of them, and what is told of them."""
    np.save(path, scores.values)
    where = {"first_frame": scores.first_frame, "frames_per_value": scores.frames_per_value}
    return {"file": path.name, **where}, {"path": str(path), **where}


def _save_index(folder: Path, rule: str, index: Mapping[str, Any]) -> None:
    (folder / INDEX).write_text(json.dumps({"rule": rule, "scores": index}, indent=1))


def _file_name(number: int) -> str:
    return f"scores-{number:05d}.npy"


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
