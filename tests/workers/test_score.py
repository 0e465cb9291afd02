"""What a scoring job tells its child, and makes of the scores that come back."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.db import transaction

from ml.explain.maps import Maps
from tests.evaluating import end_evaluations
from tests.factories.datasets import SplitMemberFactory, VideoFactory
from tests.factories.results import labelled_run
from tests.factories.runs import CheckpointFactory
from webapp.accounts.models import Team
from webapp.common.errors import UserError
from webapp.datasets.models import Video
from webapp.jobs.models import Job
from webapp.results.models import Evaluation, Explanation, ScoreSet
from webapp.results.protocols.presets import PRESETS
from webapp.results.scores import explanations
from webapp.runs.models import Run
from workers import kinds
from workers.kinds import JobKind


@pytest.fixture
def kind() -> JobKind:
    return kinds.find("score").kind


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "job"
    path.mkdir()
    return path


@pytest.fixture
def run(team: Team) -> Run:
    labels: dict[str, Sequence[int]] = {"a": [0, 0, 1, 1], "b": [0, 0, 0, 0]}
    return labelled_run(labels, team=team, current_job__held=True, current_job__kind="score")


@pytest.fixture
def job(run: Run) -> Job:
    run.current_job.result = {"rule": "Every frame has a score."}
    return run.current_job


def scores(run: Run, folder: Path, name: str, *values: float, **where: int) -> dict[str, Any]:
    """An event as the child sends it, its array in the folder."""
    path = folder / f"{name}.npy"
    np.save(path, np.array(values, dtype=np.float32))
    event = {"event": "scores", "video_id": run.dataset.videos.get(name=name).pk, "path": str(path)}
    return event | {"first_frame": 0, "frames_per_value": 1} | where


@pytest.fixture
def held_out(run: Run) -> Video:
    """A normal validation video of 200 frames."""
    video = VideoFactory.create(dataset=run.dataset, name="c", n_frames=200, label="normal")
    SplitMemberFactory.create(split=run.split, video=video, part="validation")
    return video


def test_prepare_hands_over_test_and_validation_videos_without_ground_truth(
    kind: JobKind, job: Job, run: Run, folder: Path, held_out: Video
) -> None:
    CheckpointFactory.create(run=run)
    SplitMemberFactory.create(split=run.split, part="train")

    videos = kind.prepare(job, folder)["videos"]

    assert sorted(video["part"] for video in videos) == ["test", "test", "validation"]
    assert all(video["intervals"] == [] for video in videos)


@pytest.mark.parametrize(("selection", "weights"), [("last", b"last"), ("validation", b"best")])
def test_prepare_takes_the_selected_checkpoint(
    kind: JobKind, job: Job, run: Run, folder: Path, selection: str, weights: bytes
) -> None:
    Run.objects.update(selection=selection)
    CheckpointFactory.create(run=run, step=10, is_best=True, weights__data=b"best")
    CheckpointFactory.create(run=run, step=20, is_final=True, weights__data=b"last")

    spec = kind.prepare(job, folder)

    assert Path(spec["weights"]).read_bytes() == weights


def test_prepare_without_a_checkpoint(kind: JobKind, job: Job, folder: Path) -> None:
    with pytest.raises(UserError, match="has no checkpoint"):
        kind.prepare(job, folder)


def test_success_stores_scores_and_has_them_evaluated(
    kind: JobKind, job: Job, run: Run, folder: Path
) -> None:
    kind.on_event(job, scores(run, folder, "a", 0.1, 0.2, 0.8, 0.9), folder)
    kind.on_event(job, scores(run, folder, "b", 0.5, first_frame=1, frames_per_value=3), folder)
    kind.on_success(job, folder)

    score_set = ScoreSet.objects.get()
    assert (score_set.run, score_set.job, score_set.rule) == (run, job, "Every frame has a score.")
    assert score_set.videos.get(video__name="b").frames_per_value == 3
    run.refresh_from_db()
    assert (run.job.kind, run.job.status, run.job.subject_id) == ("evaluate", "created", run.pk)
    assert not Evaluation.objects.exists()
    end_evaluations()
    aurocs = {each.protocol.slug: each.metrics["auroc"] for each in Evaluation.objects.all()}
    assert aurocs == dict.fromkeys((preset.slug for preset in PRESETS), 1.0)


def test_scores_told_twice_are_stored_once(kind: JobKind, job: Job, run: Run, folder: Path) -> None:
    for _ in range(2):
        for name in ("a", "b"):
            kind.on_event(job, scores(run, folder, name, 0.1, 0.2, 0.3, 0.4), folder)
    kind.on_success(job, folder)

    assert ScoreSet.objects.get().videos.count() == 2


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ((0.1, float("nan"), 0.3, 0.4), "1 of 4 scores are NaN or infinite"),
        ((0.1,) * 5, "5 scores where at most 4 fit"),
    ],
)
def test_success_refuses_scores_that_do_not_fit(
    kind: JobKind, job: Job, run: Run, folder: Path, values: tuple[float, ...], sentence: str
) -> None:
    kind.on_event(job, scores(run, folder, "a", *values), folder)
    kind.on_event(job, scores(run, folder, "b", 0, 0, 0, 0), folder)

    with pytest.raises(UserError, match=sentence):
        kind.on_success(job, folder)
    assert not ScoreSet.objects.exists()


def test_success_refuses_a_video_without_scores(
    kind: JobKind, job: Job, run: Run, folder: Path
) -> None:
    kind.on_event(job, scores(run, folder, "a", 0, 0, 1, 1), folder)

    with pytest.raises(UserError, match="1 of 2 test videos have no scores: b"):
        kind.on_success(job, folder)


def test_success_chooses_thresholds_on_the_validation_scores(
    kind: JobKind, job: Job, run: Run, folder: Path, held_out: Video
) -> None:
    kind.on_event(job, scores(run, folder, "a", 0.1, 0.2, 0.8, 0.9), folder)
    kind.on_event(job, scores(run, folder, "b", 0.5, 0.5, 0.5, 0.5), folder)
    kind.on_event(job, scores(run, folder, "c", *np.arange(200) / 250), folder)
    kind.on_success(job, folder)

    score_set = ScoreSet.objects.get()
    assert score_set.videos.count() == 2
    assert score_set.validation_videos.get().video == held_out
    end_evaluations()
    evaluation = Evaluation.objects.get(protocol__slug="frame-raw")
    assert evaluation.counts["n_videos"] == 2
    first, second = evaluation.thresholds
    assert (first["selected_on"], first["threshold"]) == ("validation", pytest.approx(198 / 250))
    assert (first["recall"], first["false_alarm_rate"]) == (1, 0)
    assert second["selected_on"] == "test"


def test_success_refuses_a_validation_video_without_scores(
    kind: JobKind, job: Job, run: Run, folder: Path, held_out: Video
) -> None:
    for name in ("a", "b"):
        kind.on_event(job, scores(run, folder, name, 0, 0, 1, 1), folder)

    with pytest.raises(UserError, match="1 of 1 validation videos have no scores: c"):
        kind.on_success(job, folder)
    assert not ScoreSet.objects.exists()


def maps(run: Run, folder: Path, name: str) -> dict[str, Any]:
    """An event as the child sends it, its sheet in the folder."""
    made = Maps(levels=np.full((4, 2, 3), 7, np.uint8), highest=0.5)
    path = folder / f"{name}.png"
    made.save(path)
    event = {"event": "explanation", "path": str(path), **made.facts("the error")}
    return event | {"video_id": run.dataset.videos.get(name=name).pk}


def tell_all(kind: JobKind, job: Job, run: Run, folder: Path) -> None:
    for name in ("a", "b"):
        kind.on_event(job, scores(run, folder, name, 0.1, 0.2, 0.8, 0.9), folder)
        kind.on_event(job, maps(run, folder, name), folder)


@pytest.mark.parametrize("kept", [True, False])
def test_prepare_asks_for_maps_unless_the_site_keeps_none(
    kind: JobKind, job: Job, run: Run, folder: Path, settings: Any, kept: bool
) -> None:
    CheckpointFactory.create(run=run)
    settings.STORE_ERROR_MAPS = kept

    assert kind.prepare(job, folder)["with_maps"] is kept


def test_success_stores_error_maps_beside_the_scores(
    kind: JobKind, job: Job, run: Run, folder: Path
) -> None:
    tell_all(kind, job, run, folder)
    kind.on_success(job, folder)
    kind.on_success(job, folder)  # told a second time, nothing is stored twice

    assert Explanation.objects.count() == 2
    stored = Explanation.objects.get(video__name="a")
    assert stored.score_set == ScoreSet.objects.get()
    with stored.sheet.open() as file:
        assert file.read() == (folder / "a.png").read_bytes()
    assert (stored.n_maps, stored.height, stored.width, stored.highest) == (4, 2, 3, 0.5)
    assert run.name not in stored.sheet.name


def test_maps_that_cannot_be_stored_leave_no_file_behind(
    kind: JobKind,
    job: Job,
    run: Run,
    folder: Path,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tell_all(kind, job, run, folder)
    with (folder / "b.png").open("ab") as file:
        file.write(bytes(1000))
    monkeypatch.setattr(explanations, "MAX_SHEET_BYTES", 1000)

    with pytest.raises(UserError, match="takes more than 1000 bytes"), transaction.atomic():
        kind.on_success(job, folder)

    assert not [path for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()]
    assert not Explanation.objects.exists()
