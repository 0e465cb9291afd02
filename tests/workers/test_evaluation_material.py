"""What a child makes of stored scores, beside scores and truth laid out here, bit for bit."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ml.evaluation import ScoredVideo, Settings, evaluate_under
from ml.evaluation.exchange import load_material
from ml.evaluation.overview import overview_of
from ml.evaluation.tasks import evaluate_tasks
from ml.records import Interval, Scores, frame_labels
from ml.reports import Event, Reporter
from ml.scores import sources
from ml.scores.fusion import Ingredient, Recipe, fuse
from tests.factories.datasets import (
    IntervalFactory,
    SplitFactory,
    SplitMemberFactory,
    VideoFactory,
)
from tests.factories.jobs import JobFactory
from tests.factories.runs import RunFactory
from webapp.accounts.models import Team, User
from webapp.datasets.models import AnnotationSet, Split, Video
from webapp.results.models import ScoreSet
from webapp.results.scores.evaluation_files import write_tasks
from webapp.results.scores.storing import save_scores
from webapp.results.scores.virtual import create_virtual_run
from webapp.runs.models import Run
from workers import kinds

pytestmark = pytest.mark.django_db

TESTED = {"c": 40, "a": 64, "b": 50}  # frames by name, stored in another order than that of names
HELD_OUT = {"known": "normal", "marked": "fight", "unmarked": "fight", "unlabelled": ""}
LENGTH = 30  # of validation videos
RANDOM = np.random.default_rng(5)

Laid = tuple[list[ScoredVideo], list[ScoredVideo]]


def with_times(run: Run, name: str, n_frames: int, **values: Any) -> Video:
    times = np.arange(n_frames) / 25 + 3.0 * (np.arange(n_frames) > n_frames // 2)
    return VideoFactory.create(
        dataset=run.dataset, name=name, n_frames=n_frames, pts_seconds=times.tobytes(), **values
    )


@pytest.fixture
def dataset_run(team: Team) -> Run:
    """Videos with times or a rate, events with and without a name, and validation videos."""
    run: Run = RunFactory.create(team=team, current_job__ended=True)
    for name, n_frames in TESTED.items():
        kind = "Abuse" if name == "a" else ""
        video = with_times(run, name, n_frames, label=kind)
        SplitMemberFactory.create(split=run.split, video=video, part="test")
        for start, label in ((5, ""), (20, "Arson")):
            mark(run.annotation_set, video, start, label=label)
    Video.objects.filter(name="c").update(pts_seconds=b"")
    for name, label in HELD_OUT.items():
        video = with_times(run, name, LENGTH, label=label)
        SplitMemberFactory.create(split=run.split, video=video, part="validation")
        if name == "marked":
            mark(run.annotation_set, video, 5)
    return run


def mark(truth: AnnotationSet, video: Video, start: int, label: str = "") -> None:
    IntervalFactory.create(
        annotation_set=truth, video=video, start_frame=start, end_frame=start + 9, label=label
    )


def twin(run: Run, **values: Any) -> Run:
    alike = {"split": run.split, "annotation_set": run.annotation_set, "dataset": run.dataset}
    return RunFactory.create(team=run.team, current_job__ended=True, **alike | values)


def scored(run: Run, *, held_out: bool = True, width: int = 1, gaps: bool = False) -> Run:
    """With noise in float64 where it has gaps, else in float32."""
    parts = {
        part: {
            video.pk: noise(video.n_frames, width, gaps=gaps)
            for video in Video.objects.in_split(run.split, part)
        }
        for part in ("test", "validation")
    }
    score_set = save_scores(
        run=run, job=None, rule="all", scores=parts["test"],
        validation=parts["validation"] if held_out else None,
    )  # fmt: skip
    ScoreSet.objects.filter(pk=score_set.pk).update(lowest=-2.5, highest=3.25)
    return run


def noise(n_frames: int, width: int, *, gaps: bool) -> Scores:
    values = RANDOM.normal(size=-(-(n_frames - 3) // width))
    if not gaps:
        return Scores(values=values.astype(np.float32), first_frame=3, frames_per_value=width)
    values[2:6] = np.nan
    return Scores(values=values, first_frame=2, has_gaps=True)


def three(run: Run, *, others: int = 1) -> list[Run]:
    """Of which one has gaps; `others` is how many frames a score of the rest covers."""
    runs = [run, twin(run), twin(run)]
    scored(runs[0], width=others)
    scored(runs[1], width=others)
    scored(runs[2], gaps=others == 1, width=others)
    return runs


def mixed(runs: list[Run], by: User, calibration: str = "none", **values: Any) -> Run:
    members = [
        {"run": run.pk, "weight": place + 1.5, "calibration": calibration}
        for place, run in enumerate(runs)
    ]
    return create_virtual_run(team=runs[0].team, recipe={"members": members, **values}, by=by)


def trained(run: Run, _by: User) -> Run:
    return scored(run, held_out=False, width=16)


def with_validation(run: Run, _by: User) -> Run:
    return scored(run)


def with_gaps(run: Run, _by: User) -> Run:
    return scored(run, gaps=True)


def calibrated(calibration: str, **values: Any) -> Callable[[Run, User], Run]:
    return lambda run, by: mixed(three(run), by, calibration, **values)


def mix_of_segments(run: Run, by: User) -> Run:
    return mixed(three(run, others=8), by, "per_video")


def mix_of_mixes(run: Run, by: User) -> Run:
    runs = three(run)
    first = mixed(runs[:2], by, smoothing="mean", smoothing_frames=5)
    return mixed([first, runs[2], mixed([first, runs[0]], by, "validation")], by, "validation")


GAUSSIAN = {"smoothing": "gaussian", "smoothing_frames": 2.5}
CASES = {
    "trained": trained,
    "validation": with_validation,
    "gaps": with_gaps,
    "mix": calibrated("none"),
    "mix by validation": calibrated("validation"),
    "mix by test set": calibrated("test_set"),
    "mix per video": calibrated("per_video", **GAUSSIAN),
    "mix of segments": mix_of_segments,
    "mix of mixes": mix_of_mixes,
}


@pytest.mark.parametrize("case", CASES)
def test_numbers_are_those_of_scores_laid_out_here(
    case: str, dataset_run: Run, bob: User, tmp_path: Path
) -> None:
    run = CASES[case](dataset_run, bob)
    score_set = ScoreSet.objects.get(run=run)
    laid = laid_out(score_set, "test"), judged(laid_out(score_set, "validation"))

    [task] = write_tasks(run, tmp_path)

    check(task, laid, tmp_path)
    assert [video.video_id for video in laid[1]] == (
        [] if case == "trained" else ids("known", "marked", "unlabelled")
    )


def test_folds_are_pooled_as_they_were(team: Team, tmp_path: Path) -> None:
    run: Run = RunFactory.create(team=team, current_job__ended=True)
    Split.objects.filter(pk=run.split.pk).update(name="cv", version=1, fold=1)
    run.refresh_from_db()
    second = SplitFactory.create(dataset=run.dataset, name="cv", version=1, fold=2)
    for place, name in enumerate("badc"):
        video = with_times(run, name, 40)
        split = (run.split, second)[place % 2]
        SplitMemberFactory.create(split=split, video=video, part="test")
        mark(run.annotation_set, video, 5 + place)
    runs = [scored(each, held_out=False) for each in (run, twin(run, split=second))]
    sets = ScoreSet.objects.filter(run__in=runs)

    own, pooled = write_tasks(runs[0], tmp_path)

    check(own, (laid_out(ScoreSet.objects.get(run=runs[0]), "test"), []), tmp_path)
    together = [video for each in sets for video in laid_out(each, "test")]
    check(pooled, (sorted(together, key=lambda video: video.video_id), []), tmp_path)


def test_nothing_is_computed_before_the_child_begins(
    dataset_run: Run, bob: User, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = mixed(three(dataset_run), bob, "validation", **GAUSSIAN)
    job = JobFactory.create(team=run.team, kind="evaluate", subject_id=run.pk, held=True)
    spec: list[Any] = []
    with monkeypatch.context() as patched:
        patched.setattr(sources, "fuse", pytest.fail)
        patched.setattr("ml.evaluation.material.scored_video", pytest.fail)
        for name in ("to_frames", "extremes"):
            patched.setattr(Scores, name, property(pytest.fail))
        spec += kinds.find("evaluate").kind.prepare(job, tmp_path)["tasks"]

    assert len(load_material(Path(spec[0]["material"])).scored()[0]) == len(TESTED)


def ids(*names: str) -> list[str]:
    return [Video.objects.get(name=name).pk for name in sorted(names)]


def check(task: dict[str, Any], laid: Laid, folder: Path) -> None:
    """That the child has these scores, and that it makes the same numbers of them."""
    for found, here in zip(load_material(Path(task["material"])).scored(), laid, strict=True):
        assert [facts(video) for video in found] == [facts(video) for video in here]
    out = folder / "out"
    out.mkdir(exist_ok=True)
    events: list[Event] = []
    evaluate_tasks([task], out, Reporter(events.append))
    made = [event for event in events if event["event"] in ("evaluation", "overview")]
    overviews = [overview_of(laid[0]).to_json()] if task["needs_overview"] else []
    outcomes = evaluate_under(
        laid[0], [Settings.from_json(each) for each in task["protocols"]], laid[1]
    )
    expected = [
        each.to_json() | {"replicates": each.replicates.facts()} for each in outcomes
    ]  # fmt: skip
    assert [json.loads(Path(event["path"]).read_text()) for event in made] == [
        json.loads(json.dumps(each)) for each in (*overviews, *expected)
    ]
    assert len(expected) > 5


def facts(video: ScoredVideo) -> Any:
    clock = video.clock
    assert clock is not None
    return (
        video.video_id,
        (video.scores.dtype, video.scores.tobytes(), video.labels.tobytes()),
        {name: mask.tobytes() for name, mask in video.classes.items()},
        (clock.n_frames, clock.frame_seconds, clock.fps, clock.is_even, clock.times.tobytes()),
    )


def judged(videos: list[ScoredVideo]) -> list[ScoredVideo]:
    return [each for each in videos if each.video_id not in ids("unmarked")]


def laid_out(score_set: ScoreSet, part: str) -> list[ScoredVideo]:
    """Row by row, by name of the videos."""
    scores = scores_of(score_set, part)
    return [
        beside(video, scores[video.pk], score_set.run.annotation_set)
        for video in Video.objects.filter(pk__in=list(scores)).order_by("name")
    ]


def beside(video: Video, scores: Scores, truth: AnnotationSet) -> ScoredVideo:
    named = {"normal": "", "fight": "fight"}.get(video.label, video.label)
    intervals = [
        Interval(start_frame=each.start_frame, end_frame=each.end_frame, label=each.label or named)
        for each in truth.intervals.filter(video=video)
    ]
    kinds_of = sorted({each.label for each in intervals} - {""})
    return ScoredVideo(
        video_id=video.pk,
        scores=scores.to_frames(video.n_frames),
        labels=frame_labels(intervals, video.n_frames),
        classes={
            kind: frame_labels((i for i in intervals if i.label == kind), video.n_frames) == 1
            for kind in kinds_of
        },
        clock=video.clock,
    )


def scores_of(score_set: ScoreSet, part: str) -> dict[str, Scores]:
    if score_set.run.kind == Run.Kind.VIRTUAL:
        return fused(Recipe.from_json(score_set.run.recipe), part)
    rows = score_set.videos if part == "test" else score_set.validation_videos
    return {row.video_id: row.scores for row in rows.all()}


def fused(recipe: Recipe, part: str) -> dict[str, Scores]:
    sets = [ScoreSet.objects.get(run=member.run) for member in recipe.members]
    given = [scores_of(each, part) for each in sets]
    ranges = [(each.lowest or 0.0, each.highest or 0.0) for each in sets]
    for place, member in enumerate(recipe.members):
        if member.calibration == "validation":
            known = np.concatenate(
                [s.values for s in scores_of(sets[place], "validation").values()]
            )
            ranges[place] = float(np.nanmin(known)), float(np.nanmax(known))
    return {
        pk: fuse(
            recipe,
            [
                Ingredient(scores=scores[pk], lowest=lowest, highest=highest)
                for scores, (lowest, highest) in zip(given, ranges, strict=True)
            ],
            Video.objects.get(pk=pk).n_frames,
        )
        for pk in given[0]
    }
