"""Points and checkpoints as a training hands them over."""

import hashlib
from pathlib import Path
from typing import Any

import pytest

from tests.disks import largest_file
from tests.factories.runs import CheckpointFactory, RunFactory
from webapp.accounts.models import Team
from webapp.common.errors import UserError
from webapp.runs import training
from webapp.runs.models import Checkpoint, Run


@pytest.fixture
def run(team: Team) -> Run:
    return RunFactory.create(team=team)


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    weights, state = tmp_path / "step.safetensors", tmp_path / "step.json"
    weights.write_bytes(b"many weights")
    state.write_text("{}")
    return {"weights": weights, "state": state}


def record(run: Run, files: dict[str, Path], *, step: int, **flags: Any) -> Checkpoint:
    values = {"epoch": step / 10, "is_best": False, "is_final": False} | flags
    with files["weights"].open("rb") as weights, files["state"].open("rb") as state:
        return training.record_checkpoint(
            job=run.current_job, step=step, weights=weights, state=state, **values
        )


def stored_files(settings: Any) -> list[str]:
    return sorted(path.name for path in settings.MEDIA_ROOT.rglob("*.*"))


def test_record_point_same_step_again_replaces_it(run: Run) -> None:
    for loss in (0.5, 0.25):
        training.record_point(run_id=run.pk, step=10, epoch=1.0, values={"train_loss": loss})

    assert run.training_points.get().values == {"train_loss": 0.25}


def test_record_checkpoint_keeps_a_copy_with_its_hash(run: Run, files: dict[str, Path]) -> None:
    record(run, files, step=10)
    files["weights"].unlink()

    checkpoint = run.checkpoints.get()
    assert Path(checkpoint.weights.path).read_bytes() == b"many weights"
    assert checkpoint.sha256 == hashlib.sha256(b"many weights").hexdigest()
    assert checkpoint.n_bytes == 12
    assert checkpoint.job == run.current_job


def test_record_checkpoint_drops_old_ones_with_their_files(
    run: Run, files: dict[str, Path], settings: Any, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        record(run, files, step=10, is_best=True)
        for step in (20, 30, 40):
            record(run, files, step=step)
        record(run, files, step=50, is_final=True)

    assert [each.step for each in run.checkpoints.all()] == [10, 30, 40, 50]
    assert len(stored_files(settings)) == 8


def test_record_checkpoint_a_new_best_replaces_the_old_one(
    run: Run, files: dict[str, Path]
) -> None:
    record(run, files, step=10, is_best=True)
    record(run, files, step=20, is_best=True)

    assert run.checkpoints.get(is_best=True).step == 20


def test_record_checkpoint_same_step_again_replaces_row_and_files(
    run: Run, files: dict[str, Path], settings: Any, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        record(run, files, step=10)
        files["weights"].write_bytes(b"later weights")
        record(run, files, step=10, is_final=True)

    checkpoint = run.checkpoints.get()
    assert checkpoint.is_final
    assert Path(checkpoint.weights.path).read_bytes() == b"later weights"
    assert len(stored_files(settings)) == 2


def test_record_checkpoint_full_disk_keeps_the_last_one_and_no_rest(
    run: Run, files: dict[str, Path], settings: Any
) -> None:
    record(run, files, step=10)
    files["weights"].write_bytes(bytes(300_000))

    with largest_file(200_000), pytest.raises(OSError, match="File too large"):
        record(run, files, step=20)

    assert run.checkpoints.get().step == 10
    assert len(stored_files(settings)) == 2


def test_last_checkpoint_none_without_one(run: Run) -> None:
    assert training.last_checkpoint(run) is None


@pytest.mark.parametrize(("selection", "step"), [("last", 30), ("validation", 20), ("test", 20)])
def test_checkpoint_to_score_follows_the_selection(run: Run, selection: str, step: int) -> None:
    run.selection = selection
    CheckpointFactory.create(run=run, step=10)
    CheckpointFactory.create(run=run, step=20, is_best=True)
    CheckpointFactory.create(run=run, step=30, is_final=True)

    assert training.checkpoint_to_score(run).step == step


def test_checkpoint_to_score_without_one(run: Run) -> None:
    with pytest.raises(UserError, match="no checkpoint to score by the rule “last checkpoint”"):
        training.checkpoint_to_score(run)
