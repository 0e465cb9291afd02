"""What every method of the catalogue must do: one is tested before its author writes a test."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from pydantic import TypeAdapter
from torch import nn

from ml import device
from ml.data.samples.frames import FrameStore
from ml.explain.clips import ExplainsClips, explain_clips
from ml.explain.maps import Explains
from ml.explain.segments import ExplainsSegments, explain_segments
from ml.methods import Method, OneClassMethod, Reads, restore
from ml.metrics import auroc
from ml.records import Box, Manifest, Scores, VideoRecord, VideoRegion, frame_labels
from ml.registry import as_json, load_methods
from ml.reports import Reporter
from ml.supervision import Supervision, training_data
from ml.training import checkpoints, keeper, loop
from ml.training.checkpoints import Checkpoint
from ml.training.learner import Learner, Moment
from ml.training.loop import Training
from ml.training.plan import Indices
from ml.training.seeding import seed_everything
from tests import toys

METHODS = load_methods()
ONE_CLASS = [name for name, kind in METHODS.items() if issubclass(kind, OneClassMethod)]
WEAK = sorted(name for name, kind in METHODS.items() if kind.supervision == Supervision.WEAK)
BESIDE = 4  # frames


@dataclass(frozen=True)
class Trained:
    """A method after its tiny training on toys, and what was reported."""

    name: str
    method: Method
    manifest: Manifest
    events: list[dict[str, Any]]

    def scores(self) -> dict[str, Scores]:
        return {video.id: self.method.score(video) for video in self.manifest.part("test")}


def train(
    name: str,
    manifest: Manifest,
    folder: Path,
    *,
    resume_from: Checkpoint | None = None,
    checkpoint_seconds: float = 60,
    changes: Mapping[str, Any] | None = None,
) -> Trained:
    folder.mkdir()
    events: list[dict[str, Any]] = []
    seed_everything(7)
    config = replace(METHODS[name].tiny, **changes or {})
    method = METHODS[name](config, torch.device("cpu"))
    settings = Training(
        method=name, config=as_json(method.config), seed=7, folder=folder,
        reporter=Reporter(events.append), resume_from=resume_from,
        checkpoint_seconds=checkpoint_seconds,
    )  # fmt: skip
    method.fit(training_data(manifest, method.supervision), settings)
    return Trained(name, method, manifest, events)


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> Iterator[None]:
    """Two threads that wait for each other are slower than one while other tests run."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module", autouse=True)
def _no_time_passes() -> Iterator[None]:
    """Which checkpoints are saved is not for the speed of the machine to decide."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loop, "time", SimpleNamespace(monotonic=lambda: 0.0))
        yield


# Alike in their loop: one of the two stands for both, but for `make soak`.
SOAKED = ("st_gan_reconstruction",)


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(name, marks=[pytest.mark.soak] if name in SOAKED else [])
        for name in sorted(METHODS)
    ],
)
def trained(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    folder = tmp_path_factory.mktemp(request.param)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(keeper, "KEPT_CHECKPOINTS", 10_000)
        # A second passes with each look at the clock, two or three in each step.
        patch.setattr(loop, "time", SimpleNamespace(monotonic=count().__next__))
        manifest = toys.manifest_for(METHODS[request.param], folder / "videos")
        trained = train(request.param, manifest, folder / "run", checkpoint_seconds=9)
    return trained


def saved(trained: Trained) -> list[dict[str, Any]]:
    return [event for event in trained.events if event["event"] == "checkpoint"]


def load(event: dict[str, Any]) -> Checkpoint:
    return checkpoints.load(Path(event["weights"]), Path(event["state"]))


def same_scores(one: dict[str, Scores], other: dict[str, Scores]) -> bool:
    return all(np.array_equal(one[key].values, other[key].values) for key in one | other)


def same_tensors(one: Checkpoint, other: Checkpoint) -> bool:
    return all(torch.equal(one.tensors[key], other.tensors[key]) for key in one.tensors)


def test_method_tells_toy_anomalies_apart(trained: Trained) -> None:
    """Frames beside an event count for neither: what scores them has seen the event."""
    videos = trained.manifest.part("test")
    frames = np.concatenate(
        [trained.scores()[video.id].to_frames(video.n_frames) for video in videos]
    )
    labels = np.concatenate([frame_labels(video.intervals, video.n_frames) for video in videos])
    beside = np.convolve(labels, np.ones(2 * BESIDE + 1), mode="same").astype(bool) & (labels == 0)

    counted = np.isfinite(frames) & ~beside

    assert auroc(labels[counted], frames[counted]) > 0.95


@pytest.mark.soak
def test_method_repeats_bit_for_bit_with_the_same_seed(trained: Trained, tmp_path: Path) -> None:
    again = train(trained.name, trained.manifest, tmp_path / "again")

    assert same_tensors(load(saved(trained)[-1]), load(saved(again)[-1]))
    assert same_scores(trained.scores(), again.scores())


@pytest.mark.parametrize("at", [0.37, pytest.param(0.8, marks=pytest.mark.soak)])
def test_method_resumed_ends_bit_for_bit_the_same(
    trained: Trained, tmp_path: Path, at: float
) -> None:
    every = saved(trained)
    inside = [event for event in every if event["epoch"] % 1] or every  # or epochs of one step
    middle = load(inside[int(at * len(inside))])

    resumed = train(trained.name, trained.manifest, tmp_path / "on", resume_from=middle)

    assert same_tensors(load(every[-1]), load(saved(resumed)[-1]))
    assert same_scores(trained.scores(), resumed.scores())


def test_method_scores_the_same_from_its_checkpoint(trained: Trained) -> None:
    fresh = METHODS[trained.name](METHODS[trained.name].tiny, torch.device("cpu"))
    restore(fresh, load(saved(trained)[-1]))

    again = Trained(trained.name, fresh, trained.manifest, [])

    assert same_scores(trained.scores(), again.scores())


def test_method_scores_fit_their_videos(trained: Trained) -> None:
    for video in trained.manifest.part("test"):
        scores = trained.scores()[video.id]

        scores.check(video.n_frames)
        n_scored = np.isfinite(scores.to_frames(video.n_frames)).sum()
        assert n_scored > video.n_frames / 2


def test_method_gives_a_very_short_video_what_it_can(trained: Trained, tmp_path: Path) -> None:
    for video in toys.short_videos(METHODS[trained.name], tmp_path):
        trained.method.score(video).check(video.n_frames)


def test_method_explains_its_scores(trained: Trained) -> None:
    """In the picture where it reads frames or clips, by the rows of the bag, here of an event,
    where it reads features: whatever looks at pictures says where.
    """
    if trained.method.reads == Reads.CLIPS:
        assert isinstance(trained.method, ExplainsClips)
        video = trained.manifest.part("test")[0]
        for layer in trained.method.cam_layers:
            found = explain_clips(trained.method, video, layer=layer)
            assert found.maps.frames_per_map * len(found.maps.levels) >= video.n_frames
            assert layer in found.rule
        return
    if trained.method.reads == Reads.FRAMES:
        assert isinstance(trained.method, Explains)
        return
    assert isinstance(trained.method, ExplainsSegments)
    video, scores = trained.manifest.part("test")[0], trained.scores()
    normal = [each for each in trained.manifest.part("train") if not each.intervals]
    event = video.intervals[0]
    frames = (event.start_frame, event.start_frame + scores[video.id].frames_per_value)

    found = explain_segments(
        trained.method, video, frames=frames, normal=normal, device=torch.device("cpu")
    )

    [target] = found.targets
    score = scores[video.id].to_frames(video.n_frames)[event.start_frame]
    assert target.attribution.score == pytest.approx(score, abs=1e-5)
    assert target.attribution.is_complete
    assert target.row in target.attribution.values.argsort()[-2:] + target.first_row


def told_when(manifest: Manifest, *, is_told: bool) -> Manifest:
    """With intervals and boxes of what is learnt from, or as it would be without annotators."""
    box = Box(left=1, top=2, width=30, height=40)
    around = VideoRegion(start_frame=8, end_frame=16, box=box, label="Fighting")
    abnormal = {"regions": (around,)} if is_told else {"intervals": ()}
    return Manifest(
        videos=tuple(
            replace(video, **abnormal) if video.part != "test" and video.intervals else video
            for video in manifest.videos
        )
    )


@pytest.mark.parametrize("name", WEAK)
def test_weak_method_is_not_told_when_something_happens(name: str, tmp_path: Path) -> None:
    """Of a training video whose intervals and regions are known it learns what it does of any."""
    manifest = toys.manifest_for(METHODS[name], tmp_path / "videos")
    told, untold = (told_when(manifest, is_told=is_told) for is_told in (True, False))
    for part in ("train", "validation"):
        assert any(video.intervals and video.regions for video in told.part(part))
        assert not any(video.intervals or video.regions for video in untold.part(part))

    with_them, without = (
        train(name, each, tmp_path / folder) for each, folder in ((told, "told"), (untold, "un"))
    )

    for file in ("weights", "state"):
        one, other = (Path(saved(each)[-1][file]).read_bytes() for each in (with_them, without))
        assert one == other


def learner_of(method: OneClassMethod) -> Learner[Indices]:
    height, width = method.size
    frames = np.random.default_rng(0).integers(0, 256, (24, height, width), np.uint8)
    return method._learner(FrameStore(frames=frames, counts=(24,)), None)


@pytest.mark.parametrize("name", ONE_CLASS)
def test_one_class_method_learns_on_after_it_has_scored(name: str, tmp_path: Path) -> None:
    method = METHODS[name](METHODS[name].tiny, torch.device("cpu"))
    assert isinstance(method, OneClassMethod)
    path = toys.moving_square_video(tmp_path / "a.mp4", 12)
    method.score(VideoRecord(id="a", path=str(path), n_frames=12))

    losses = learner_of(method).step(np.arange(8), Moment(0, 0.0))

    assert torch.isfinite(losses["loss"])


@pytest.fixture
def cpu_with_bf16(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Any CPU computes in bfloat16, if slowly."""
    monkeypatch.setattr(device, "_cpu_info", lambda key: "avx512_bf16")
    device.has_bf16.cache_clear()
    yield
    device.has_bf16.cache_clear()


@pytest.mark.usefixtures("cpu_with_bf16")
@pytest.mark.parametrize("name", ONE_CLASS)
def test_one_class_method_gives_nearly_the_same_errors_in_bf16(name: str) -> None:
    kind, cpu = METHODS[name], torch.device("cpu")
    exact, fast = (kind(replace(kind.tiny, precision=each), cpu) for each in ("float32", "bf16"))
    assert isinstance(exact, OneClassMethod)
    assert isinstance(fast, OneClassMethod)
    for module_name, module in fast.modules.items():
        module.load_state_dict(exact.modules[module_name].state_dict())
    size = (2, exact.frames_per_sample, *exact.size)
    windows = np.random.default_rng(0).integers(0, 256, size, np.uint8)

    for method in (exact, fast):
        method.prepare_to_score()
    expected, found = exact.errors(windows, {}), fast.errors(windows, {})

    assert not torch.equal(expected, found)
    assert torch.allclose(expected, found, atol=0.05)


@pytest.mark.usefixtures("cpu_with_bf16")
@pytest.mark.parametrize("name", ONE_CLASS)
def test_one_class_method_computes_in_bf16_and_adds_up_in_float32(name: str) -> None:
    method = METHODS[name](replace(METHODS[name].tiny, precision="bf16"), torch.device("cpu"))
    assert isinstance(method, OneClassMethod)
    computed = set[torch.dtype]()
    for module in method.modules.values():
        for layer in module.modules():
            if isinstance(layer, nn.Conv2d | nn.Conv3d):
                layer.register_forward_hook(lambda _layer, _in, out: computed.add(out.dtype))

    losses = learner_of(method).step(np.arange(8), Moment(0, 9.0))
    windows = np.zeros((2, method.frames_per_sample, *method.size), np.uint8)
    errors = method.errors(windows, {})

    assert computed == {torch.bfloat16}
    assert {loss.dtype for loss in losses.values()} == {torch.float32}
    assert errors.dtype == torch.float32


@pytest.mark.parametrize("name", ONE_CLASS)
def test_one_class_method_may_score_a_frame_by_its_worst_patch(name: str) -> None:
    kind, cpu = METHODS[name], torch.device("cpu")
    whole, by_patch = (kind(replace(kind.tiny, patch_size=size), cpu) for size in (0, 8))
    errors = torch.full((2, 1, 32, 32), 0.01)
    errors[1, 0, :8, :8] = 0.5

    even, corner = by_patch.frame_scores(errors)[:, 0]

    assert float(even) == pytest.approx(float(whole.frame_scores(errors)[0, 0]), rel=1e-5)
    assert corner > whole.frame_scores(errors)[1, 0]


def test_method_reports_validation_and_marks_a_best(trained: Trained) -> None:
    points = [event for event in trained.events if event["event"] == "point"]
    ends = [point["values"] for point in points if point["epoch"] in range(1, 1_000)]

    assert len(ends) == int(saved(trained)[-1]["epoch"]) > 0
    assert all(any(name.startswith("validation_") for name in values) for values in ends)
    assert any(event["is_best"] for event in saved(trained))
    assert saved(trained)[-1]["is_final"]


def scoring_changes(name: str) -> list[dict[str, Any]]:
    """Another value for each option of the group "Scoring"."""
    tiny = as_json(METHODS[name].tiny)
    fields = TypeAdapter(METHODS[name].Config).json_schema()["properties"]
    return [
        {field: another(description, tiny[field])}
        for field, description in fields.items()
        if description["group"] == "Scoring"
    ]


def another(field: dict[str, Any], value: Any) -> Any:
    if "enum" in field:
        return next(each for each in field["enum"] if each != value)
    return not value if isinstance(value, bool) else value + 1


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        pytest.param(name, changes, marks=[pytest.mark.soak] if name.startswith("st_gan") else [])
        for name in sorted(METHODS)
        for changes in scoring_changes(name)
    ],
)
def test_method_learns_the_same_whatever_its_scoring_options(
    name: str, changes: dict[str, Any], tmp_path: Path
) -> None:
    """Runs that differ in these alone share one training."""
    manifest = toys.manifest_for(METHODS[name], tmp_path / "videos")
    fields = as_json(METHODS[name].tiny)
    short = {"epochs": 2} if "epochs" in fields else {"updates": 20}

    one = train(name, manifest, tmp_path / "one", changes=short)
    other = train(name, manifest, tmp_path / "other", changes=short | changes)

    assert same_tensors(load(saved(one)[-1]), load(saved(other)[-1]))
    assert [(event["step"], event["is_best"]) for event in saved(one)] == [
        (event["step"], event["is_best"]) for event in saved(other)
    ]


@pytest.mark.parametrize("name", sorted(METHODS))
def test_method_describes_itself(name: str) -> None:
    method = METHODS[name]

    assert method.supervision in Supervision
    assert method.reads in Reads
    for text in (method.title, method.summary, method.paper, method.rule):
        assert text.strip() == text != ""
