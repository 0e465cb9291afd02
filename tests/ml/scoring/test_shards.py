"""What is scored in shards is what one process would have scored, bit for bit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from ml import verbs
from ml.records import Manifest, VideoRecord
from ml.registry import as_json, load_methods
from ml.reports import Event, Reporter
from ml.supervision import training_data
from ml.training.loop import Training
from ml.training.seeding import seed_everything
from tests import toys

METHODS = load_methods()


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def checkpoint_of(name: str, manifest: Manifest, folder: Path) -> dict[str, str]:
    """Of a short training: where its files lie."""
    events: list[Event] = []
    seed_everything(7)
    tiny = METHODS[name].tiny
    short = replace(tiny, epochs=1) if hasattr(tiny, "epochs") else replace(tiny, updates=2)
    method = METHODS[name](short, torch.device("cpu"))
    training = Training(
        method=name, config=as_json(method.config), seed=7, folder=folder,
        reporter=Reporter(events.append),
    )  # fmt: skip
    method.fit(training_data(manifest, method.supervision), training)
    last = [event for event in events if event["event"] == "checkpoint"][-1]
    return {file: last[file] for file in ("weights", "state")}


def scored(
    checkpoint: dict[str, str], videos: Sequence[VideoRecord], folder: Path
) -> dict[tuple[str, str], Any]:
    """Files of scores and of maps, and where they begin, as a job's process would make them."""
    events: list[Event] = []
    spec = {
        **checkpoint, "videos": toys.as_json(videos), "with_maps": True, "out_dir": str(folder),
        "device": "cpu", "threads": 1,
    }  # fmt: skip
    verbs.find("score")(spec, Reporter(events.append))
    return {
        (event["event"], event["video_id"]): (
            Path(event.pop("path")).read_bytes(),
            {name: value for name, value in event.items() if name != "event"},
        )
        for event in events
        if event["event"] in ("scores", "explanation")
    }


@pytest.mark.parametrize("name", sorted(METHODS))
def test_scores_and_maps_of_shards_are_those_of_the_whole(name: str, tmp_path: Path) -> None:
    manifest = toys.manifest_for(METHODS[name], tmp_path / "videos")
    (tmp_path / "run").mkdir()
    checkpoint = checkpoint_of(name, manifest, tmp_path / "run")
    one, two, three = [video for video in manifest.videos if video.part != "train"][:3]

    whole = scored(checkpoint, [one, two, three], tmp_path / "whole")
    shards = [[three, one], [two]]
    parts = [scored(checkpoint, each, tmp_path / f"{n}") for n, each in enumerate(shards)]

    assert len([kind for kind, _video in whole if kind == "scores"]) == 3
    assert parts[0] | parts[1] == whole
