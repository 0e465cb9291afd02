"""Makes scored runs through the services that store real ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from ml.explanations import ErrorMaps
from ml.records import Scores, intervals_of
from tests.factories.datasets import IntervalFactory, SplitMemberFactory, VideoFactory
from tests.factories.runs import RunFactory
from webapp.datasets.models import Video
from webapp.results import services
from webapp.results.explanations import Sheet, save_explanations
from webapp.results.models import ScoreSet
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
    return services.save_scores(run=run, job=run.current_job, scores=by_id, rule=rule)


def explain(run: Run, video: Video, maps: ErrorMaps | None = None) -> None:
    """Error maps of a video, of every frame unless told; those of frame i show level i."""
    if maps is None:
        levels = np.arange(video.n_frames).astype(np.uint8)
        maps = ErrorMaps(levels=levels[:, None, None].repeat(4, 1).repeat(6, 2), highest=0.5)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "maps.png"
        maps.save(path)
        sheet = Sheet(path=path, facts=maps.facts("the error"))
        save_explanations(run.score_set, {video.pk: sheet})
