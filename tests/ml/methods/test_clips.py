"""What methods over clips share: classes, rates, norms, scores of frames, and bad input."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from ml import device
from ml.data.clips.modalities import MODALITIES
from ml.methods import ClipMethod, Reads
from ml.methods._clips import ClipLearner, abnormality, class_names
from ml.methods.ts_3dcnn import TS3DCNNConfig
from ml.records import BadInput, Box, Interval, VideoRecord, VideoRegion
from ml.registry import load_methods, schema_of
from ml.supervision import Supervision
from tests import toys
from tests.ml.methods.clips import clip_method, learn, trimmed

OF_CLIPS = [name for name, kind in load_methods().items() if issubclass(kind, ClipMethod)]
RATES = {"learning_rate": 0.004, "head_learning_rate": 0.02}


@pytest.fixture
def both(tmp_path: Path) -> list[VideoRecord]:
    return trimmed(tmp_path / "videos", "normal", "fight", "normal", "fall")


def built(name: str = "os_3dcnn", **changes: Any) -> ClipMethod:
    torch.manual_seed(0)
    method = clip_method(name, **changes)
    method.set_classes(2)
    method.learnt.eval()
    return method


def test_the_family_is_supervised_and_reads_clips() -> None:
    assert sorted(OF_CLIPS) == ["eco_lite", "os_3dcnn", "resnet3d", "ts_3dcnn"]
    for name in OF_CLIPS:
        method = load_methods()[name]
        assert (method.supervision, method.reads) == (Supervision.FULL, Reads.CLIPS)


def test_every_modality_may_be_the_second_one() -> None:
    offered = schema_of(TS3DCNNConfig)["properties"]["second_modality"]["enum"]

    assert {*offered, "rgb"} == MODALITIES.load().keys()


@pytest.mark.parametrize("name", OF_CLIPS)
def test_the_head_learns_at_its_own_rate(
    name: str, both: list[VideoRecord], tmp_path: Path
) -> None:
    method = learn(name, both, tmp_path / "run", **RATES).method

    [rest, head] = method.optimiser().param_groups
    names = {id(weights): key for key, weights in method.learnt.named_parameters()}
    told = [[names[id(weights)] for weights in group["params"]] for group in (rest, head)]
    assert (rest["lr"], head["lr"]) == (0.004, 0.02)
    assert all(key.startswith(method.head) for key in told[1])
    assert not any(key.startswith(method.head) for key in told[0])
    assert f"{method.last_layer}.weight" in told[1]
    assert len(told[0]) + len(told[1]) == len(names)


def test_conv4_and_the_last_layer_are_the_head_of_two_streams() -> None:
    method = built("ts_3dcnn")

    head = {name for name, _ in method.learnt.named_parameters() if name.startswith(method.head)}

    assert head == {
        "head.conv4.weight", "head.bn4.weight", "head.bn4.bias", "head.fc.weight", "head.fc.bias",
    }  # fmt: skip


def test_rates_fall_to_a_tenth_after_epochs() -> None:
    from ml.methods._clips import ClipStore

    pictures = np.zeros((5, 4, 16, 16, 3), np.uint8)
    labels = ("normal", "fight", "normal", "fight", "normal")
    store = ClipStore(pictures=(pictures,), labels=labels, counts=(5,))
    method = built(batch_size=2, falls_after=(2, 3))

    learner = ClipLearner(method, store, None, ("normal", "abnormal"))

    per_epoch = learner.plan.n_steps
    assert per_epoch == 2  # a last batch of one clip is left out
    factors = [learner.schedule.factor(step, 8) for step in range(8)]
    assert factors == pytest.approx([1, 1, 1, 1, 0.1, 0.1, 0.01, 0.01])


def test_two_classes_are_normal_and_whatever_is_not() -> None:
    labels = ("normal", "fight", "fall", "normal")

    assert class_names(labels, "two") == ("normal", "abnormal")
    assert class_names(labels, "labels") == ("normal", "fall", "fight")


@pytest.mark.parametrize(
    ("labels", "kind"), [(("fight", "fall"), "normal"), (("normal", "normal"), "abnormal")]
)
def test_clips_of_one_kind_are_refused(labels: tuple[str, ...], kind: str) -> None:
    with pytest.raises(BadInput, match=f"None of the 2 clips to learn from is {kind}"):
        class_names(labels, "two")


def test_a_score_is_what_all_classes_but_normal_have() -> None:
    logits = torch.tensor([[0.0, 1.0, 2.0], [3.0, -50.0, -60.0]])

    found = abnormality(logits)

    shares = np.exp(logits.numpy()).astype(float)
    assert found == pytest.approx(shares[:, 1:].sum(1) / shares.sum(1))
    assert found[1] > 0  # not what is left of 1


def test_each_class_of_the_labels_has_an_output(both: list[VideoRecord], tmp_path: Path) -> None:
    learnt = learn("os_3dcnn", both, tmp_path / "run", classes="labels")

    assert learnt.method.last.out_features == 3
    assert "to learn from: 1 fall, 1 fight, 2 normal" in learnt.told
    assert "a single clip to learn from: fall, fight" in learnt.told
    assert learnt.method.score(both[0]).extremes


def test_a_class_that_training_has_no_clip_of_counts_for_no_loss(
    both: list[VideoRecord], tmp_path: Path
) -> None:
    strange = replace(both[1], id="v", part="validation", label="riot")
    normal = replace(both[0], id="n", part="validation")

    learnt = learn("os_3dcnn", [*both, strange, normal], tmp_path / "run", classes="labels")
    alone = learn("os_3dcnn", [*both, normal], tmp_path / "alone", classes="labels")

    def validated(events: list[Any]) -> dict[str, float]:
        values: dict[str, float] = [e for e in events if e["event"] == "point"][-1]["values"]
        return values

    with_it, without = validated(learnt.events), validated(alone.events)
    assert with_it["validation_loss"] == pytest.approx(without["validation_loss"], abs=1e-6)
    assert "validation_clip_auroc" in with_it
    assert "validation_clip_auroc" not in without


def test_learning_is_told_with_accuracy(both: list[VideoRecord], tmp_path: Path) -> None:
    learnt = learn("resnet3d", both, tmp_path / "run")

    [point] = [each for each in learnt.events if each["event"] == "point"]
    assert {"train_loss", "train_accuracy"} <= point["values"].keys()


def frames_scored(method: ClipMethod, video: VideoRecord) -> Any:
    scores = method.score(video)
    scores.check(video.n_frames)
    return scores.to_frames(video.n_frames)


@pytest.fixture
def long_video(tmp_path: Path) -> VideoRecord:
    path = toys.moving_square_video(tmp_path / "long.mp4", 60, abnormal=range(20, 35))
    return VideoRecord(id="l", path=str(path), n_frames=60)


def test_a_trimmed_clip_has_one_score_for_all_its_frames(long_video: VideoRecord) -> None:
    scores = built(window_seconds=6).score(long_video)

    assert len(scores.values) == 1
    assert scores.frames_per_value == 60


def test_over_a_longer_video_a_window_slides(long_video: VideoRecord) -> None:
    """A frame's score is the mean over the windows that hold it, made here one by one."""
    method = built(window_seconds=2.0, stride_seconds=1.5)
    values, votes = np.zeros(60), np.zeros(60)
    for start in (0, 15, 30, 40):
        part = replace(long_video, regions=(VideoRegion(start_frame=start, end_frame=start + 20),))
        values[start : start + 20] += frames_scored(method, part)[start]
        votes[start : start + 20] += 1

    found = frames_scored(method, long_video)

    assert np.allclose(found, values / votes, atol=1e-6)
    assert len(np.unique(found)) > 3


def test_with_regions_the_highest_counts_and_outside_is_nobody(long_video: VideoRecord) -> None:
    method = built(window_seconds=6.0)
    left = Box(left=0, top=0, width=32, height=48)
    regions = (
        VideoRegion(start_frame=5, end_frame=25, box=left),
        VideoRegion(start_frame=15, end_frame=40),
        VideoRegion(start_frame=50, end_frame=51),
    )

    found = frames_scored(method, replace(long_video, regions=regions))

    one, other = (
        frames_scored(method, replace(long_video, regions=(region,))) for region in regions[:2]
    )
    assert np.array_equal(found, np.maximum(one, other))
    assert not found[:5].any()
    assert not found[40:].any()  # a region of one frame shows no motion
    assert found[5:40].all()


def test_a_video_of_one_frame_has_no_score(tmp_path: Path) -> None:
    path = toys.moving_square_video(tmp_path / "a.mp4", 1)

    scores = built().score(VideoRecord(id="a", path=str(path), n_frames=1))

    assert len(scores.values) == 0


def test_what_the_network_sees_are_pixels_as_it_takes_them() -> None:
    picture = np.zeros((1, 4, 16, 16, 3), np.uint8)
    picture[..., 0], picture[..., 2] = 255, 104

    two, eco, resnet = (
        built(name).pixels(picture) for name in ("ts_3dcnn", "eco_lite", "resnet3d")
    )

    def first(values: Tensor) -> list[float]:
        assert values.shape == (1, 3, 4, 16, 16)
        return [float(value) for value in values[0, :, 0, 0, 0]]

    assert first(two) == pytest.approx([1, -1, 104 / 127.5 - 1])
    assert first(eco) == pytest.approx([0, -117, 255 - 128])  # blue, green, red
    assert first(resnet) == pytest.approx(
        [(1 - 0.4345) / 0.2768, -0.4051 / 0.2713, (104 / 255 - 0.3775) / 0.2737], rel=1e-4
    )


def test_weights_of_many_classes_score_nothing(long_video: VideoRecord) -> None:
    method = clip_method("resnet3d")
    method.set_classes(700)

    with pytest.raises(BadInput, match="The weights tell 700 classes apart, and which of them"):
        method.score(long_video)


def test_a_training_whose_clips_are_all_too_short_is_refused(tmp_path: Path) -> None:
    videos = trimmed(tmp_path / "videos", "normal", "fight", n_frames=1)

    with pytest.raises(BadInput, match="None of the 0 clips to learn from is abnormal"):
        learn("os_3dcnn", videos, tmp_path / "run")


def test_a_region_outside_of_the_picture_is_refused_with_the_video(tmp_path: Path) -> None:
    region = VideoRegion(
        start_frame=0, end_frame=10, box=Box(left=60, top=0, width=30, height=30), label="fight"
    )
    videos = trimmed(tmp_path / "videos", "normal", "fight")
    videos[1] = replace(videos[1], regions=(region,))

    with pytest.raises(BadInput, match=r"1-fight\.mp4, frame 0: a box up to \(90, 30\) of a pict"):
        learn("os_3dcnn", videos, tmp_path / "run")


def test_what_is_learnt_from_counts_when_a_training_goes_on(
    both: list[VideoRecord], tmp_path: Path
) -> None:
    """Another region, and it is another training."""
    learnt = learn("os_3dcnn", both, tmp_path / "run")
    other = replace(both[0], regions=(VideoRegion(start_frame=0, end_frame=20),))

    with pytest.raises(BadInput, match="The checkpoint was made with other data"):
        learn("os_3dcnn", [other, *both[1:]], tmp_path / "on", resume=learnt.last)


def test_events_of_a_long_video_are_clips_of_their_own(tmp_path: Path) -> None:
    path = toys.moving_square_video(tmp_path / "a.mp4", 60, abnormal=range(20, 40))
    event = Interval(start_frame=20, end_frame=40, label="riot")
    videos = [
        VideoRecord(id="a", path=str(path), n_frames=60, part="train", intervals=(event,)),
        *trimmed(tmp_path / "more", "normal"),
    ]

    learnt = learn("os_3dcnn", videos, tmp_path / "run")

    assert learnt.told[-2:] == [
        "to learn from: 3 normal, 1 riot", "a single clip to learn from: riot",
    ]  # fmt: skip


@pytest.mark.parametrize("name", OF_CLIPS)
def test_bf16_gives_nearly_the_same_scores(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device, "_cpu_info", lambda key: "avx512_bf16")
    device.has_bf16.cache_clear()
    clips = [toys_clip(n, clip_method(name).config.picture_size) for n in range(2)]

    exact, fast = built(name), built(name, precision="bf16")
    fast.learnt.load_state_dict(exact.learnt.state_dict())
    with torch.inference_mode():
        one, other = exact.score_clips(clips), fast.score_clips(clips)
    device.has_bf16.cache_clear()

    assert one == pytest.approx(other, abs=0.03)
    assert not np.array_equal(one, other)


def toys_clip(start: int, size: int) -> Any:
    frames = toys.toy_frames(4, start=start, width=size, height=size)
    return np.stack(frames)


def test_options_of_data_do_not_keep_weights_from_being_begun_with() -> None:
    """None changes the network; what the second stream sees does."""
    for name in OF_CLIPS:
        fields = schema_of(load_methods()[name].Config)["properties"]
        of_data = {key for key, each in fields.items() if each["group"] == "Data"}
        bound = {key for key in of_data if not fields[key].get("transfers")}
        expected = {
            "second_modality", "difference", "flow_by", "flow_levels", "flow_window",
            "flow_iterations", "flow_bound",
        } if name == "ts_3dcnn" else set()  # fmt: skip
        assert bound == expected


def test_rates_cannot_fall_at_rest_without_validation(
    both: list[VideoRecord], tmp_path: Path
) -> None:
    with pytest.raises(BadInput, match=r"falls_at_rest: 2 epochs .* there is no validation clip"):
        learn("os_3dcnn", both, tmp_path / "run", falls_at_rest=2)


def test_rates_fall_where_the_validation_loss_rests(
    both: list[VideoRecord], tmp_path: Path
) -> None:
    watched = [replace(video, part="validation", id=f"v-{video.id}") for video in both]
    steep = {"learning_rate": 0.5, "head_learning_rate": 0.5, "epochs": 6}

    learnt = learn("os_3dcnn", both + watched, tmp_path / "run", falls_at_rest=1, **steep)

    points = [each["values"] for each in learnt.events if each["event"] == "point"]
    losses = [each["validation_loss"] for each in points if "validation_loss" in each]
    rising = sum(loss >= min(losses[:i]) for i, loss in enumerate(losses) if i)
    assert rising > 0
    assert learnt.last.loop["plateau"]["factor"] == pytest.approx(0.1**rising)
    [group, _head] = learnt.last.optimisers["network"]
    assert group["lr"] <= 0.5


def test_classes_of_actions_are_learnt_without_a_normal_one(tmp_path: Path) -> None:
    actions = trimmed(tmp_path / "videos", "left", "right", "left", "right")
    watched = [replace(video, part="validation", id=f"v-{video.id}") for video in actions]

    learnt = learn("os_3dcnn", actions + watched, tmp_path / "run", classes="labels")

    assert class_names(("right", "left", "left"), "labels") == ("left", "right")
    assert learnt.method.last.out_features == 2
    last = [each["values"] for each in learnt.events if each["event"] == "point"][-1]
    assert {"validation_loss", "validation_accuracy"} <= last.keys()
    assert "validation_clip_auroc" not in last
    best = [each for each in learnt.events if each["event"] == "checkpoint" and each["is_best"]]
    assert best  # by the loss


def test_classes_of_actions_need_their_own_option(tmp_path: Path) -> None:
    actions = trimmed(tmp_path / "videos", "left", "right")
    sentence = "None of the 2 clips to learn from is normal. To pre-train on their 2 classes, set"
    with pytest.raises(BadInput, match=sentence):
        learn("os_3dcnn", actions, tmp_path / "run", classes="two")


def test_one_class_alone_is_nothing_to_learn(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="None of the 2 train videos is normal"):
        learn("os_3dcnn", trimmed(tmp_path / "videos", "left", "left"), tmp_path / "run")
