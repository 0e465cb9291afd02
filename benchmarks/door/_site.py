"""The doors of the site: scores of a run and lists of a split."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.door._base import Bring, Brought
from benchmarks.embedded_site import uploaded_run
from ml.naming import part_of

Labels = Mapping[str, Sequence[int]]  # 0 or 1 for each frame, by test video
RAW = "frame-raw"


def scores(labels: Labels, data: str | bytes, **layout: Any) -> Bring:
    """Bring one file of scores for a run on videos with these labels; the AUROC that results."""
    return _scored(labels, data, _auroc, layout)


def frame_scores(labels: Labels, data: str | bytes, **layout: Any) -> Bring:
    """As `scores`; the score of each frame, None where there is none, by video."""
    return _scored(labels, data, _frames, layout)


def _scored(
    labels: Labels, data: str | bytes, look: Callable[[Any], Any], layout: Mapping[str, Any]
) -> Bring:
    given = data.encode() if isinstance(data, str) else data

    def bring(folder: Path) -> Brought:
        from ml.scores.files import Layout
        from tests.evaluating import evaluate_run
        from webapp.common.errors import UserError
        from webapp.results.scores.uploads import store_score_set

        run, by = uploaded_run(labels)
        try:
            reached = store_score_set(run=run, data=given, layout=Layout(**layout), by=by)
        except UserError as error:
            return Brought(refusal=str(error))
        if not reached.is_complete:
            return Brought(refusal=f"waits for {', '.join(reached.missing)}")
        evaluate_run(run)
        return Brought(value=look(run))

    return bring


def _auroc(run: Any) -> float | None:
    from webapp.results.models import Evaluation

    found = Evaluation.objects.get(score_set__run=run, protocol__slug=RAW).metrics["auroc"]
    return None if found is None else round(found, 6)


def _frames(run: Any) -> dict[str, list[float | None]]:
    from webapp.results.models import VideoScores

    rows = VideoScores.objects.filter(score_set__run=run).select_related("video")
    by_video = {row.video.name: row.scores.to_frames(row.video.n_frames) for row in rows}
    return {
        name: [None if np.isnan(each) else round(float(each), 6) for each in values]
        for name, values in sorted(by_video.items())
    }


def split(names: Sequence[str], files: Mapping[str, str | bytes], part: str = "") -> Bring:
    """Bring lists for a dataset with videos of these names; the part of each that has one."""

    def bring(folder: Path) -> Brought:
        from tests.factories.accounts import MembershipFactory
        from tests.factories.datasets import DatasetFactory, VideoFactory
        from webapp.common.errors import UserError
        from webapp.datasets.splits import GivenList, import_split

        dataset = DatasetFactory.create()
        for name in names:
            VideoFactory.create(
                dataset=dataset, name=name, part=part_of(name.split("/")[0]) or "test"
            )
        by = MembershipFactory.create(team=dataset.team).user
        lists = [
            GivenList(name=name, data=data.encode() if isinstance(data, str) else data, part=part)
            for name, data in files.items()
        ]
        try:
            [found] = import_split(dataset=dataset, name="theirs", files=lists, by=by)
        except UserError as error:
            return Brought(refusal=str(error))
        texts = [each["text"] for each in found.report if each["level"] != "info"]
        parts = dict(found.members.values_list("video__name", "part"))
        return Brought(value=parts, findings=tuple(each for each in texts if not _is_usual(each)))

    return bring


def _is_usual(text: str) -> bool:
    """A list of one part alone always gets it."""
    return text.endswith("part is empty")
