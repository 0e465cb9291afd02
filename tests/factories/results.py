"""Makes scored runs through the services that store real ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from ml.explain.maps import Maps
from ml.records import Scores, intervals_of
from tests.factories.datasets import IntervalFactory, SplitMemberFactory, VideoFactory
from tests.factories.runs import RunFactory
from webapp.datasets.models import Video
from webapp.results.models import ScoreSet
from webapp.results.scores import explanations
from webapp.results.scores.explanations import Sheet
from webapp.results.scores.storing import save_scores
from webapp.runs.models import Run


def float32(*values: float) -> Scores:
    """One score per frame."""
    return Scores(values=np.array(values, dtype=np.float32))


def labelled_run(labels: Mapping[str, Sequence[int]], **values: Any) -> Run:
    """A run whose test videos have these labels, one per frame."""
    run = RunFactory.create(**values)
    for name, video_labels in labels.items():
        video = VideoFactory.create(dataset=run.dataset, name=name, n_frames=len(video_labels))
        add_to_test(run, video, video_labels)
    return run


def add_to_test(run: Run, video: Video, labels: Sequence[int]) -> None:
    SplitMemberFactory.create(split=run.split, video=video, part="test")
    for interval in intervals_of(np.asarray(labels)):
        IntervalFactory.create(
            annotation_set=run.annotation_set,
            video=video,
            start_frame=interval.start_frame,
            end_frame=interval.end_frame,
        )


def save_by_name(run: Run, scores: dict[str, Scores], rule: str = "every frame") -> ScoreSet:
    videos = {video.name: video.pk for video in run.dataset.videos.all()}
    by_id = {videos.get(name, name): each for name, each in scores.items()}
    return save_scores(run=run, job=run.current_job, scores=by_id, rule=rule)


def explain(run: Run, maps: Mapping[Video, Maps | None], **how: Any) -> None:
    """Maps of videos, of errors unless told; by None, one for each frame, that of frame i all of
    level i. `how` are facts of a sheet, such as its kind and layer."""
    with TemporaryDirectory() as folder:
        sheets = [
            _sheet(video, Path(folder) / f"{video.pk}.png", each or _plain_maps(video), how)
            for video, each in maps.items()
        ]
        explanations.land(run, sheets)


def _plain_maps(video: Video) -> Maps:
    levels = np.arange(video.n_frames).astype(np.uint8)
    return Maps(levels=levels[:, None, None].repeat(4, 1).repeat(6, 2), highest=0.5)


def _sheet(video: Video, path: Path, maps: Maps, how: Mapping[str, Any]) -> Sheet:
    maps.save(path)
    return Sheet(video_id=video.pk, path=path, facts=maps.facts(maps.rule("the error"), **how))
