"""Scored videos in a file: what a process that evaluates is given."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.clock import Clock
from ml.evaluation.frames import ScoredVideo

FACTS = "facts"
Arrays = dict[str, NDArray[Any]]


def save_scored(videos: Sequence[ScoredVideo], path: Path) -> None:
    """Write an .npz that holds all of them, number by number as they are."""
    arrays: Arrays = {}
    facts = []
    for number, video in enumerate(videos):
        arrays |= {f"{number}/{name}": array for name, array in _arrays(video).items()}
        facts.append(_facts(video))
    arrays[FACTS] = np.frombuffer(json.dumps(facts).encode(), np.uint8)
    with path.open("wb") as file:
        np.savez(file, **arrays)  # type: ignore[arg-type]


def load_scored(path: Path) -> list[ScoredVideo]:
    with np.load(path, allow_pickle=False) as arrays:
        facts = json.loads(arrays[FACTS].tobytes())
        return [_video(each, number, arrays) for number, each in enumerate(facts)]


def _arrays(video: ScoredVideo) -> Arrays:
    arrays: Arrays = {"scores": video.scores, "labels": video.labels}
    arrays |= {f"class-{n}": mask for n, mask in enumerate(video.classes.values())}
    if video.clock and video.clock.own_times is not None:
        arrays["times"] = video.clock.own_times
    return arrays


def _facts(video: ScoredVideo) -> dict[str, Any]:
    clock = video.clock
    return {
        "video_id": video.video_id,
        "classes": list(video.classes),
        "clock": clock and [clock.n_frames, clock.frame_seconds, clock.fps],
    }


def _video(facts: dict[str, Any], number: int, arrays: Any) -> ScoredVideo:
    names = enumerate(facts["classes"])
    return ScoredVideo(
        video_id=facts["video_id"],
        scores=arrays[f"{number}/scores"],
        labels=arrays[f"{number}/labels"],
        classes={name: arrays[f"{number}/class-{n}"] for n, name in names},
        clock=_clock(facts["clock"], f"{number}/times", arrays),
    )


def _clock(facts: list[Any] | None, name: str, arrays: Any) -> Clock | None:
    if facts is None:
        return None
    n_frames, frame_seconds, fps = facts
    return Clock(
        n_frames=n_frames, frame_seconds=frame_seconds, fps=fps, own_times=arrays.get(name)
    )
