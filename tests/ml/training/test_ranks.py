"""Processes that learn together, started for real, against one that learns alone."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ml.records import Manifest
from ml.registry import as_json, load_methods
from ml.training import checkpoints
from tests import toys
from tests.ml.test_child import Event, Job
from tests.patience import wait_until

# Rounding differs, as batches are cut, and grows from step to step: few of them.
CONFIGS = {
    "os_3dcnn": {"epochs": 1, "batch_size": 5, "dropout": 0.0},
    "conv_ae": {"epochs": 1, "batch_size": 8},
    "conv3d_ae": {"epochs": 1, "batch_size": 7},
}
# A bias before a batch norm has no gradient but rounding, of which Adam makes whole steps. Training
# does not see the bias, validation does: the running mean lags behind it.
NOISY = {"conv3d_ae": {"validation_loss"}}
SOON = 10.0  # seconds, of which starting has none


@pytest.fixture(scope="module")
def videos(tmp_path_factory: pytest.TempPathFactory) -> Manifest:
    folder = tmp_path_factory.mktemp("videos")
    return toys.toy_manifest(folder, validation=True, abnormal=True)


def started(method: str, videos: Manifest, folder: Path, **changes: Any) -> Job:
    kind = load_methods()[method]
    config = replace(kind.tiny, **(CONFIGS[method] | changes.pop("config", {})))
    spec = {
        "verb": "train", "method": method, "config": as_json(config), "seed": 3,
        "videos": toys.as_json([*videos.part("train"), *videos.part("validation")]),
        "resume": None, "out_dir": str(folder / "out"), "device": "cpu", "threads": 2,
    } | changes  # fmt: skip
    return Job(spec, folder)


def finished(job: Job) -> Job:
    assert job.finish() == 0, job.named("failed")
    return job


def curve(job: Job) -> list[dict[str, float]]:
    return [point["values"] for point in job.named("point")]


@pytest.mark.parametrize(
    "method",
    [
        "os_3dcnn",
        pytest.param("conv_ae", marks=pytest.mark.soak),
        pytest.param("conv3d_ae", marks=pytest.mark.soak),
    ],
)
def test_two_processes_give_the_curve_of_one(videos: Manifest, tmp_path: Path, method: str) -> None:
    """With batch norms, and with batches that are not shared evenly."""
    alone = finished(started(method, videos, tmp_path / "alone"))

    together = finished(started(method, videos, tmp_path / "together", processes=2))

    assert len(curve(alone)) == len(curve(together)) > 3
    for one, two in zip(curve(alone), curve(together), strict=True):
        assert one.keys() == two.keys()
        for name in one.keys() - NOISY.get(method, set()):
            assert two[name] == pytest.approx(one[name], abs=1e-5), name
    last = [checkpoint_of(each.named("checkpoint")[-1]) for each in (alone, together)]
    assert [each.processes for each in last] == [1, 2]


def checkpoint_of(event: Event) -> checkpoints.Checkpoint:
    return checkpoints.load(Path(event["weights"]), Path(event["state"]))


def test_videos_are_decoded_once_for_all(videos: Manifest, tmp_path: Path) -> None:
    job = finished(started("conv_ae", videos, tmp_path, processes=3))

    decoded = [each["done"] for each in job.named("progress") if each["stage"] == "decode"]
    assert decoded == [*range(3), 0]
    assert not [each for each in tmp_path.rglob("*") if "ranks-" in each.name]


@pytest.mark.soak
def test_a_training_that_is_ended_goes_on_with_as_many(videos: Manifest, tmp_path: Path) -> None:
    whole = finished(started("os_3dcnn", videos, tmp_path / "whole", processes=2))
    job = started("os_3dcnn", videos, tmp_path / "ended", processes=2)
    at_step(job, 3)
    job.process.terminate()
    assert job.finish() == 143
    last = job.named("checkpoint")[-1]
    assert last["step"] >= 3
    resume = {"weights": last["weights"], "state": last["state"]}

    on = started("os_3dcnn", videos, tmp_path / "on", resume=resume, threads=None)

    finished(on)
    ends = [Path(each.named("checkpoint")[-1]["weights"]).read_bytes() for each in (whole, on)]
    assert ends[0] == ends[1]
    other = started("os_3dcnn", videos, tmp_path / "other", resume=resume, processes=3)
    assert other.finish() == 1
    assert "was begun with 2 and goes on with as many" in other.named("failed")[0]["sentence"]


def at_step(job: Job, step: int) -> None:
    next(event for event in job.read() if event.get("event") == "point" and event["step"] >= step)


@pytest.mark.parametrize("rank", [0, 1])
def test_a_process_that_is_killed_ends_the_training_with_a_reason(
    videos: Manifest, tmp_path: Path, rank: int
) -> None:
    job = started("os_3dcnn", videos, tmp_path, processes=2, config={"epochs": 500})
    at_step(job, 2)
    pids = children_of(job.process.pid)
    os.kill(pids[rank], signal.SIGKILL)
    killed_at = time.monotonic()

    assert job.finish() == 1

    assert time.monotonic() - killed_at < SOON
    [failed] = job.named("failed")
    assert failed["sentence"].startswith(
        f"Process {rank + 1} of the 2 that learnt together was ended by SIGKILL"
    )
    assert not any(is_running(pid) for pid in pids)


def test_processes_end_with_the_one_that_started_them(videos: Manifest, tmp_path: Path) -> None:
    job = started("os_3dcnn", videos, tmp_path, processes=2, config={"epochs": 500})
    at_step(job, 2)
    pids = children_of(job.process.pid)

    job.process.kill()

    job.finish()
    wait_until(lambda: not any(is_running(pid) for pid in pids))


def children_of(pid: int) -> list[int]:
    """In the order in which they were started."""
    return sorted(map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split()))


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_what_one_of_them_says_is_why_it_failed(videos: Manifest, tmp_path: Path) -> None:
    """The first one finds no video while the other waits for what it makes of them."""
    gone = [replace(each, path=str(tmp_path / "gone.mp4")) for each in videos.part("train")]
    job = started("conv_ae", Manifest(videos=tuple(gone)), tmp_path, processes=2)

    assert job.finish() == 1

    [failed] = job.named("failed")
    assert failed["failure"] == "bad_input"
    assert "gone.mp4 cannot be decoded" in failed["sentence"]


def test_a_method_that_compares_samples_learns_in_a_single_process(tmp_path: Path) -> None:
    kind = load_methods()["sultani_mil"]
    known = toys.manifest_for(kind, tmp_path)
    spec = {
        "verb": "train", "method": "sultani_mil", "seed": 3, "resume": None, "processes": 2,
        "config": as_json(replace(kind.tiny, updates=3)), "device": "cpu", "threads": 1,
        "videos": toys.as_json(known.part("train")), "out_dir": str(tmp_path / "out"),
    }  # fmt: skip

    job = finished(Job(spec, tmp_path / "job"))

    told = [each["text"] for each in job.named("finding") if each["subject"] == "processes"]
    assert told == ["MIL ranking compares samples of an update: it learns in a single process"]
    assert checkpoint_of(job.named("checkpoint")[-1]).processes == 1


@pytest.mark.parametrize("number", [0, "two"])
def test_a_number_of_processes_that_is_none(
    videos: Manifest, tmp_path: Path, number: object
) -> None:
    job = started("conv_ae", videos, tmp_path, processes=number)

    assert job.finish() == 1

    assert "processes: a whole number from 1 on" in job.named("failed")[0]["sentence"]
