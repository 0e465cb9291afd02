"""The process of a job, started for real: what it reports, and how it ends."""

import fcntl
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ml import child
from ml.methods.conv_ae import ConvAE
from ml.records import Manifest
from ml.registry import as_json, load_methods
from ml.reports import Reporter, to_descriptor
from ml.training import checkpoints
from tests import toys
from tests.disks import small_disk
from tests.patience import PATIENCE

TINY = as_json(ConvAE.tiny) | {"epochs": 2}  # how well it learns is told by `test_methods`
Event = dict[str, Any]


SMALLEST_PIPE = 4096  # bytes: room for about eight steps' events


class Job:
    """A running `python -m ml job` and the events that it has sent so far.

    Its pipe is small and read line by line: the job never gets far ahead of its reader.
    """

    def __init__(self, spec: dict[str, Any], folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        (folder / "spec.json").write_text(json.dumps(spec))
        self.events: list[Event] = []
        reading, writing = os.pipe()
        fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, SMALLEST_PIPE)
        command = [sys.executable, "-m", "ml", "job", str(folder / "spec.json")]
        self.process = subprocess.Popen(
            [*command, "--events-fd", str(writing)], pass_fds=[writing], start_new_session=True
        )
        os.close(writing)
        self.pipe = os.fdopen(reading, "rb", buffering=0)

    def read(self) -> Iterator[Event]:
        """Every event as it comes, until the process ends."""
        for line in self.pipe:
            self.events.append(json.loads(line))
            yield self.events[-1]

    def finish(self) -> int:
        for _ in self.read():
            pass
        self.pipe.close()
        return self.process.wait(PATIENCE)

    def named(self, name: str) -> list[Event]:
        return [event for event in self.events if event["event"] == name]


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Manifest:
    return toys.toy_manifest(tmp_path_factory.mktemp("videos"))


@pytest.fixture(autouse=True)
def _own_term_handler() -> Iterator[None]:
    """`child.run` in this process takes over TERM."""
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


def train_spec(manifest: Manifest, out: Path, **changes: Any) -> dict[str, Any]:
    return {
        "verb": "train",
        "method": "conv_ae",
        "config": TINY,
        "seed": 3,
        "videos": toys.as_json(manifest.part("train")),
        "resume": None,
        "out_dir": str(out),
        "device": "cpu",
        "threads": 1,
    } | changes


def test_job_trains_then_scores(manifest: Manifest, tmp_path: Path) -> None:
    training = Job(train_spec(manifest, tmp_path / "out"), tmp_path / "train")
    assert training.finish() == 0
    final = training.named("checkpoint")[-1]
    spec = {
        "verb": "score", "weights": final["weights"], "state": final["state"],
        "videos": toys.as_json(manifest.part("test")), "out_dir": str(tmp_path / "scores"),
        "device": "auto", "threads": 1,
    }  # fmt: skip

    scoring = Job(spec, tmp_path / "score")

    assert scoring.finish() == 0
    assert [event["video_id"] for event in scoring.named("scores")] == ["vid_3", "vid_4"]
    values = np.load(scoring.named("scores")[0]["path"])
    assert (values.shape, values.dtype) == ((40,), np.float32)
    [result] = scoring.named("result")
    assert result["values"] == {"rule": ConvAE.rule, "n_videos": 2}
    check_facts(training)
    check_facts(scoring)


def run_here(spec: dict[str, Any]) -> list[Event]:
    events: list[Event] = []
    child.run(spec, Reporter(events.append))
    return events


def test_score_in_another_way_than_was_trained(manifest: Manifest, tmp_path: Path) -> None:
    """The same weights, scored by another config, give what a training with that would give."""
    squared = TINY | {"pixel_error": "squared"}
    specs = [train_spec(manifest, tmp_path / "a"), train_spec(manifest, tmp_path / "b")]
    specs[1]["config"] = squared
    trained = [run_here(spec)[-1] for spec in specs]
    scored = []
    for name, weights, config in [("a", trained[0], squared), ("b", trained[1], None)]:
        spec = score_spec(manifest, weights, tmp_path / f"scores-{name}", config=config)
        scored.append(next(each for each in run_here(spec) if each["event"] == "scores"))

    one, other = (np.load(event["path"]) for event in scored)
    np.testing.assert_array_equal(one, other)


def test_score_refuses_a_config_that_was_not_trained(manifest: Manifest, tmp_path: Path) -> None:
    trained = run_here(train_spec(manifest, tmp_path / "out"))[-1]
    spec = score_spec(manifest, trained, tmp_path / "scores", config=TINY | {"epochs": 3})

    failed = run_here(spec)[-1]

    assert (failed["event"], failed["failure"]) == ("failed", "bad_input")
    assert failed["sentence"] == "The weights were learnt by another config: epochs (2 → 3)"


def score_spec(manifest: Manifest, trained: Event, out: Path, **more: Any) -> dict[str, Any]:
    return {
        "verb": "score", "weights": trained["weights"], "state": trained["state"],
        "videos": toys.as_json(manifest.part("test")), "out_dir": str(out),
        "device": "auto", "threads": 1,
    } | more  # fmt: skip


def check_facts(job: Job) -> None:
    facts = {name: value for event in job.named("facts") for name, value in event["values"].items()}
    assert facts["torch"].startswith("2.13.0")
    assert (facts["device"], facts["threads"]) == ("cpu", 1)
    assert facts["python"] == ".".join(map(str, sys.version_info[:3]))
    assert isinstance(facts["bf16"], bool)


@pytest.mark.parametrize(
    "method",
    [
        "conv_ae",
        pytest.param("st_gan_prediction", marks=pytest.mark.soak),
        pytest.param("st_gan_reconstruction", marks=pytest.mark.soak),
    ],
)
def test_job_killed_in_mid_epoch_and_resumed_ends_bit_for_bit_the_same(
    manifest: Manifest, tmp_path: Path, method: str
) -> None:
    config = as_json(load_methods()[method].tiny) | {"epochs": 4}
    asked = {"method": method, "config": config}
    whole = run_here(train_spec(manifest, tmp_path / "whole", **asked))[-1]
    often = asked | {"checkpoint_seconds": 0}
    killed = Job(train_spec(manifest, tmp_path / "killed", **often), tmp_path / "b")
    next(event for event in killed.read() if event.get("step") == 20)
    os.killpg(killed.process.pid, signal.SIGKILL)
    assert killed.finish() == -signal.SIGKILL
    last = [event for event in killed.named("checkpoint") if event["epoch"] % 1][-1]

    resume = {"weights": last["weights"], "state": last["state"]}
    on = train_spec(manifest, tmp_path / "on", **asked, resume=resume, threads=None)
    resumed = run_here(on)[-1]

    assert Path(whole["weights"]).read_bytes() == Path(resumed["weights"]).read_bytes()


@pytest.mark.soak
def test_a_training_goes_on_with_as_many_threads_as_it_was_begun_with(
    manifest: Manifest, tmp_path: Path
) -> None:
    job = Job(train_spec(manifest, tmp_path / "out"), tmp_path / "train")
    job.finish()
    last = job.named("checkpoint")[-1]
    resume = {"weights": last["weights"], "state": last["state"]}
    assert json.loads(Path(last["state"]).read_text())["threads"] == 1

    more = train_spec(manifest, tmp_path / "on", resume=resume, threads=2)
    [failed] = [each for each in run_here(more) if each["event"] == "failed"]
    silent = Job(train_spec(manifest, tmp_path / "on", resume=resume, threads=None), tmp_path / "b")
    silent.finish()

    assert failed["failure"] == "bad_input"
    assert "begun with 1 and goes on bit for bit only with as many (given: 2)" in failed["sentence"]
    assert [
        each["values"]["threads"] for each in silent.named("facts") if "threads" in each["values"]
    ] == [1]


def test_job_ended_by_term_leaves_a_checkpoint(manifest: Manifest, tmp_path: Path) -> None:
    config = TINY | {"epochs": 10_000}
    job = Job(train_spec(manifest, tmp_path / "out", config=config), tmp_path / "job")
    next(event for event in job.read() if event["event"] == "point")

    job.process.terminate()

    assert job.finish() == 143
    assert job.named("failed") == []
    saved = job.named("checkpoint")[-1]
    assert checkpoints.load(Path(saved["weights"]), Path(saved["state"])).step >= 14


def test_job_on_a_full_disk_keeps_its_last_checkpoint(manifest: Manifest, tmp_path: Path) -> None:
    """There is room for two and a half checkpoints."""
    short = run_here(train_spec(manifest, tmp_path / "out", config=TINY | {"epochs": 1}))[-1]
    n_bytes = sum(Path(short[name]).stat().st_size for name in ("weights", "state"))
    frames = 3 * 40 * 32 * 32 + 4096
    with small_disk(tmp_path / "disk", size=str(frames + 5 * n_bytes // 2)) as disk:
        events: list[Event] = []
        spec = train_spec(manifest, disk, checkpoint_seconds=0)

        assert child.run(spec, Reporter(events.append)) == 1

        [failed] = [event for event in events if event["event"] == "failed"]
        assert failed["failure"] == "storage_full"
        assert failed["sentence"].startswith("The disk is full (No space left on device)")
        saved = [event["step"] for event in events if event["event"] == "checkpoint"]
        assert saved == [1, 2]
        assert checkpoints.load(*checkpoints.latest(disk)).step == 2
        assert not [path for path in disk.iterdir() if path.name.startswith(".")]


@pytest.mark.parametrize(
    ("changes", "failure", "sentence"),
    [
        ({"config": {"windw": 3}}, "bad_input", "windw: the method has no such field"),
        ({"method": "no_such"}, "bad_input", "There is no method 'no_such'"),
        ({"seed": -1}, "bad_input", "seed: a whole number from 0 on is expected (given: -1)"),
        ({"device": "cuda:99"}, "bad_input", "cuda:99 was asked for"),
        ({"videos": []}, "bad_input", "The split has no training videos"),
        ({"verb": "dance"}, "bad_input", "The verb 'dance' is none of annotate, detect, evaluate"),
        ({"config": TINY | {"window": 64}}, "bad_input", "No training video is as long as"),
        ({"threads": 0}, "bad_input", "threads: a whole number from 1 on is expected (given: 0)"),
        ({"threads": 1.5}, "method_error", "RuntimeError: set_num_threads expects an int"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_job_fails_with_a_type_and_a_sentence(
    manifest: Manifest, tmp_path: Path, changes: dict[str, Any], failure: str, sentence: str
) -> None:
    reading, writing = os.pipe()
    status = child.run(train_spec(manifest, tmp_path / "out") | changes, to_descriptor(writing))
    os.close(writing)
    with os.fdopen(reading) as pipe:
        failed = json.loads(pipe.readlines()[-1])

    assert status == 1
    assert (failed["event"], failed["failure"]) == ("failed", failure)
    assert failed["sentence"].startswith(sentence)
    assert bool(failed["traceback"]) is (failure != "bad_input")


def test_training_begins_with_the_weights_that_it_is_given(
    manifest: Manifest, tmp_path: Path
) -> None:
    """Of another training, which may have learnt in another way."""
    learnt = run_here(train_spec(manifest, tmp_path / "a"))[-1]
    start = {"weights": learnt["weights"], "state": learnt["state"]}
    still = TINY | {"epochs": 1, "learning_rate": 1e-12, "optimiser": "adagrad"}

    on = train_spec(manifest, tmp_path / "b", config=still, starts_from=start, seed=9)
    last = run_here(on)[-1]

    before, after = (weights_of(event) for event in (learnt, last))
    assert all(np.allclose(before[key], after[key], atol=1e-6) for key in before)


def weights_of(event: Event) -> dict[str, Any]:
    checkpoint = checkpoints.load(Path(event["weights"]), Path(event["state"]))
    return {
        name: tensor.numpy()
        for name, tensor in checkpoint.tensors.items()
        if name.startswith("modules/")
    }


def test_a_resumed_training_is_not_begun_anew(manifest: Manifest, tmp_path: Path) -> None:
    """What it began with has been learnt over since."""
    other = run_here(train_spec(manifest, tmp_path / "other", seed=4))[-1]
    start = {"weights": other["weights"], "state": other["state"]}
    whole = run_here(train_spec(manifest, tmp_path / "whole", starts_from=start))
    resume = {key: whole[-1][key] for key in ("weights", "state")}

    on = train_spec(manifest, tmp_path / "on", starts_from=start, resume=resume, threads=None)
    again = run_here(on)[-1]

    one, two = weights_of(whole[-1]), weights_of(again)
    assert all(np.array_equal(one[key], two[key]) for key in one)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"method": "conv3d_ae", "config": {}}, "Weights of conv_ae are none for conv3d_ae"),
        (
            {"config": TINY | {"channels": [16, 16, 4]}},
            "The weights are those of another network: channels ([16, 16, 8] → [16, 16, 4])",
        ),
    ],
)
def test_weights_of_another_network_are_refused(
    manifest: Manifest, tmp_path: Path, changes: dict[str, Any], sentence: str
) -> None:
    learnt = run_here(train_spec(manifest, tmp_path / "a"))[-1]
    start = {"weights": learnt["weights"], "state": learnt["state"]}

    failed = run_here(train_spec(manifest, tmp_path / "b", starts_from=start, **changes))[-1]

    assert (failed["event"], failed["sentence"]) == ("failed", sentence)
