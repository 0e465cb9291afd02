"""What a training job tells its child, and stores of what the child tells."""

from pathlib import Path
from typing import Any

import pytest

from tests.factories.datasets import AnnotationSetFactory, IntervalFactory, SplitMemberFactory
from tests.factories.jobs import JobFactory
from tests.factories.runs import CheckpointFactory, RunFactory
from webapp.accounts.models import Team
from webapp.common.errors import UserError
from webapp.datasets.models import Region, RegionSet, Video
from webapp.jobs.models import Job
from webapp.runs.models import Method, Run
from workers import kinds
from workers.kinds import JobKind


@pytest.fixture
def kind() -> JobKind:
    return kinds.find("train").kind


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "job"
    path.mkdir()
    return path


@pytest.fixture
def run(team: Team) -> Run:
    """On a split with one video in each part."""
    run = RunFactory.create(team=team, seed=3, current_job__held=True)
    for part in ("train", "validation", "test"):
        SplitMemberFactory.create(split=run.split, video__part=part, video__label="normal")
    return run


@pytest.fixture
def job(run: Run) -> Job:
    return run.current_job


def point(step: int, loss: float) -> dict[str, Any]:
    return {"event": "point", "step": step, "epoch": step / 10, "values": {"train_loss": loss}}


def checkpoint(folder: Path, step: int, **flags: bool) -> dict[str, Any]:
    """An event whose files lie where the child puts them."""
    out = folder / "out"
    out.mkdir(exist_ok=True)
    paths = {"weights": out / f"{step}.safetensors", "state": out / f"{step}.json"}
    for path in paths.values():
        path.write_text(f"step {step}")
    event = {"event": "checkpoint", "step": step, "epoch": step / 10}
    flags = {"is_best": False, "is_final": False} | flags
    return event | {name: str(path) for name, path in paths.items()} | flags


@pytest.mark.parametrize(
    ("selection", "parts"),
    [
        ("last", ["train", "validation"]),
        ("validation", ["train", "validation"]),
        ("test", ["test", "train", "validation"]),
    ],
)
def test_prepare_hands_over_test_videos_to_a_run_that_chooses_by_them_alone(
    kind: JobKind, job: Job, run: Run, folder: Path, selection: str, parts: list[str]
) -> None:
    """With their ground truth, which no other training is told."""
    for member in run.split.members.select_related("video"):
        IntervalFactory.create(annotation_set=run.annotation_set, video=member.video)
    Run.objects.update(selection=selection)
    Method.objects.update(supervision="weak")

    spec = kind.prepare(job, folder)

    assert sorted(video["part"] for video in spec["videos"]) == parts
    assert {bool(video["intervals"]) for video in spec["videos"] if video["part"] != "test"} == {
        False
    }
    assert all(video["intervals"] for video in spec["videos"] if video["part"] == "test")
    assert spec["selects_on"] == ("test" if selection == "test" else "validation")


def test_prepare_says_how_many_processes_learn_together(
    kind: JobKind, job: Job, run: Run, folder: Path, settings: Any
) -> None:
    """Those of its checkpoint where it goes on."""
    settings.TRAINING_PROCESSES, settings.WORKER_THREADS = 2, 4

    begun = kind.prepare(job, folder)
    kind.on_event(job, checkpoint(folder, 10), folder)
    resumed = kind.prepare(job, folder)

    assert (begun["processes"], begun["threads"]) == (2, 4)
    assert (resumed["processes"], resumed["threads"]) == (None, None)


@pytest.mark.parametrize("supervision", ["weak", "one-class"])
def test_prepare_keeps_intervals_and_boxes_of_training_videos_from_those_who_may_not_know(
    kind: JobKind, job: Job, run: Run, folder: Path, supervision: str
) -> None:
    Method.objects.update(supervision=supervision)
    Video.objects.exclude(part="test").update(label="Fighting")
    before = kind.prepare(job, folder)

    boxes = RegionSet.objects.create(dataset=run.dataset, name="people", origin="boxes.csv")
    for video in Video.objects.exclude(part="test"):
        IntervalFactory.create(annotation_set=run.annotation_set, video=video, label="Fighting")
        Region.objects.create(
            region_set=boxes, video=video, start_frame=20, end_frame=60,
            left=1, top=2, width=30, height=40, label="Fighting",
        )  # fmt: skip

    assert kind.prepare(job, folder) == before


def test_prepare_tells_method_config_and_seed(
    kind: JobKind, job: Job, run: Run, folder: Path
) -> None:
    spec = kind.prepare(job, folder)

    assert (spec["verb"], spec["method"], spec["seed"]) == ("train", "conv_ae", 3)
    assert spec["config"] == run.config
    assert spec["resume"] is None
    assert spec["out_dir"].startswith(str(folder))


def test_prepare_goes_by_the_ground_truth_of_the_run(
    kind: JobKind, job: Job, run: Run, folder: Path
) -> None:
    """A newer one, by which a training video is abnormal, changes no run that is there."""
    [train] = Video.objects.in_split(run.split, "train")
    newer = AnnotationSetFactory.create(dataset=run.dataset, version=99)
    IntervalFactory.create(annotation_set=newer, video=train)

    labels = {video["id"]: video["label"] for video in kind.prepare(job, folder)["videos"]}

    assert labels[train.pk] == "normal"


def test_prepare_hands_over_no_test_videos_and_no_ground_truth(
    kind: JobKind, job: Job, folder: Path
) -> None:
    videos = kind.prepare(job, folder)["videos"]

    assert {video["part"] for video in videos} == {"train", "validation"}
    assert all(video["intervals"] == [] for video in videos)


def test_prepare_resumes_from_the_last_checkpoint(
    kind: JobKind, job: Job, run: Run, folder: Path
) -> None:
    CheckpointFactory.create(run=run, step=10, is_best=True)
    CheckpointFactory.create(run=run, step=20, weights__data=b"later weights")

    spec = kind.prepare(job, folder)
    resume = spec["resume"]

    assert spec["threads"] is None  # those of the checkpoint
    assert Path(resume["weights"]).read_bytes() == b"later weights"
    assert Path(resume["state"]).read_bytes() == b"{}"


def test_prepare_refuses_data_that_has_changed(
    kind: JobKind, job: Job, run: Run, folder: Path
) -> None:
    run.dataset.videos.filter(part="train").update(status=Video.Status.RETIRED)

    with pytest.raises(UserError, match="has changed since"):
        kind.prepare(job, folder)


def test_point_again_after_a_resume_replaces_it(
    kind: JobKind, job: Job, run: Run, folder: Path
) -> None:
    for event in (point(10, 0.5), point(20, 0.4), point(20, 0.3)):
        kind.on_event(job, event, folder)

    losses = [each.values["train_loss"] for each in run.training_points.all()]
    assert losses == [0.5, 0.3]


def test_checkpoint_outlives_the_jobs_folder(
    kind: JobKind, job: Job, run: Run, folder: Path
) -> None:
    event = checkpoint(folder, 30, is_final=True)
    kind.on_event(job, event, folder)
    Path(event["weights"]).unlink()

    stored = run.checkpoints.get()
    assert Path(stored.weights.path).read_text() == "step 30"
    assert f"runs/{run.pk}/" in stored.weights.path
    assert stored.is_final
    assert not stored.is_best


@pytest.mark.parametrize("gone", ["weights", "state"])
def test_a_checkpoint_that_newer_ones_have_replaced_by_now_is_passed_over(
    kind: JobKind, job: Job, run: Run, folder: Path, gone: str
) -> None:
    """A training deletes old ones without waiting for whoever reads what it reports."""
    old, new = checkpoint(folder, 10), checkpoint(folder, 20)
    Path(old[gone]).unlink()

    kind.on_event(job, old, folder)
    kind.on_event(job, new, folder)

    assert [each.step for each in run.checkpoints.all()] == [20]


def test_the_last_checkpoint_may_not_be_missing(kind: JobKind, job: Job, folder: Path) -> None:
    last = checkpoint(folder, 30, is_final=True)
    Path(last["weights"]).unlink()

    with pytest.raises(FileNotFoundError):
        kind.on_event(job, last, folder)


def test_success_is_followed_by_scoring(kind: JobKind, job: Job, run: Run, folder: Path) -> None:
    kind.on_success(job, folder)

    run.refresh_from_db()
    assert (run.current_job.kind, run.current_job.status) == ("score", "created")


def test_replaced_job_of_a_run(kind: JobKind, job: Job, run: Run) -> None:
    successor = JobFactory.create(team=run.team, subject_id=run.pk)

    kind.on_replaced(job, successor)

    run.refresh_from_db()
    assert run.current_job == successor
