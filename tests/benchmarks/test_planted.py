"""Planted features: shapes by published lists, and the optimum that methods are measured by."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks.planted import (
    SCENE,
    SIZE,
    Planted,
    World,
    mislabelled,
    moving_mean,
    of_bags,
    of_frames,
    optimum,
    read_videos,
    save_lists,
    write,
)
from ml.data.listed import list_videos
from ml.data.truth.formats import read_annotations
from ml.metrics import auroc

TRAIN = "".join(f"Abuse/Abuse{i:03d}_x264.mp4 {300 + 16 * i}\n" for i in range(1, 5)) + "".join(
    f"Training_Normal_Videos_Anomaly/Normal_Videos{i:03d}_x264.mp4 {200 + i}\n" for i in range(1, 5)
)
TEST = (
    "Abuse028_x264.mp4\tAbuse\t160\t240\t-1\t-1\t330\n"
    "Arson011_x264.mp4\tArson\t16\t64\t96\t999\t200\n"
    "Normal_Videos_003_x264.mp4\tNormal\t-1\t-1\t-1\t-1\t90\n"
)


@pytest.fixture
def videos(tmp_path: Path) -> list[Planted]:
    (tmp_path / "train.txt").write_text(TRAIN)
    (tmp_path / "test.txt").write_text(TEST)
    rng = np.random.default_rng(0)
    return read_videos(tmp_path / "train.txt", tmp_path / "test.txt", rng)


def test_lengths_classes_and_events_are_those_of_the_lists(videos: list[Planted]) -> None:
    tested = [each for each in videos if each.part == "test"]

    assert [(each.name, each.n_rows, each.kind) for each in tested] == [
        ("Abuse028_x264", 20, "Abuse"), ("Arson011_x264", 12, "Arson"),
        ("Normal_Videos_003_x264", 5, ""),
    ]  # fmt: skip
    assert [each.events for each in tested] == [((160, 240),), ((16, 64), (96, 200)), ()]
    assert np.flatnonzero(tested[0].is_event).tolist() == list(range(10, 15))
    assert len(videos) == 8 + 3


def test_each_abnormal_training_video_has_an_event_of_a_test_videos_share(
    videos: list[Planted],
) -> None:
    shares = {80 / 330, (48 + 104) / 200}

    for video in videos:
        if video.part == "train" and video.kind:
            [(start, end)] = video.events
            nearest = min(abs((end - start) / video.n_frames - share) for share in shares)
            assert 0 <= start < end <= video.n_frames
            assert nearest < 1 / video.n_frames
        elif video.part == "train":
            assert (video.events, video.label) == ((), "normal")


def test_so_many_training_videos_are_called_what_they_are_not(videos: list[Planted]) -> None:
    told = mislabelled(videos, 0.5, np.random.default_rng(1))

    wrong = [new for old, new in zip(videos, told, strict=True) if old.label != new.label]
    assert len(wrong) == 4
    assert all((each.label == "normal") == bool(each.kind) for each in wrong)
    assert all(each.part == "train" for each in wrong)


def test_rows_are_the_same_whenever_they_are_asked_for(videos: list[Planted]) -> None:
    world, again = (World(["Abuse", "Arson"], 8, 3.0, seed=4) for _ in range(2))

    first, other = world.features(videos[0], 0), world.features(videos[0], 1)

    np.testing.assert_array_equal(first, again.features(videos[0], 0))
    assert not np.allclose(first, other)
    assert first.dtype == np.float32


def test_the_signal_is_as_long_as_stated_and_in_the_direction_of_the_class() -> None:
    world = World(["Abuse", "Arson"], 2_000, 5.0, seed=1)
    video = Planted(name="a", n_frames=1_600, part="test", kind="Arson", label="Arson",
                    events=((800, 1_600),))  # fmt: skip

    rows = world.features(video, 0) / SIZE

    difference = rows[50:].mean(axis=0) - rows[:50].mean(axis=0)
    assert difference @ world.directions[1] == pytest.approx(5, abs=0.8)
    assert np.linalg.norm(world.directions, axis=1) == pytest.approx([1, 1])
    assert world.directions[0] @ world.directions[1] == pytest.approx(0.5, abs=0.06)


def test_the_likelihood_is_that_of_normal_densities() -> None:
    """Against densities written out: a mean of classes, divided by nothing happening."""
    world = World(["Abuse", "Arson"], 3, 2.0, seed=1)
    rows = np.random.default_rng(2).normal(size=(5, 3)) * SIZE
    variance = 1 + SCENE**2
    expected = []
    for row in rows / SIZE:
        nothing = np.exp(-(row**2).sum() / (2 * variance))
        events = [
            np.exp(-((row - 2 * each) ** 2).sum() / (2 * variance)) for each in world.directions
        ]
        expected.append(np.log(np.mean(events) / nothing))

    np.testing.assert_allclose(world.likelihood(rows), expected)


def test_a_moving_mean_is_cut_off_at_the_ends() -> None:
    values = np.array([1.0, 2.0, 4.0, 8.0])

    np.testing.assert_allclose(moving_mean(values, 1), values)
    np.testing.assert_allclose(moving_mean(values, 3), [1.5, 7 / 3, 14 / 3, 6])
    np.testing.assert_array_equal(of_frames(values[:2], 40), [1.0] * 16 + [2.0] * 24)


def test_a_bag_shares_the_log_of_its_mean_likelihood() -> None:
    logs = np.log([1.0, 3.0, 8.0])

    np.testing.assert_allclose(of_bags(logs, 2), np.log([2, 2, 8]))


def test_the_optimum_is_the_auroc_of_test_frames(videos: list[Planted], tmp_path: Path) -> None:
    world = World(["Abuse", "Arson"], 16, 3.0, seed=4)
    write(world, videos, tmp_path / "f")
    tested = [each for each in videos if each.part == "test"]
    scores = []
    for video in tested:
        logs = world.likelihood(np.load(tmp_path / "f" / f"{video.name}.npy"))
        scores += [logs[min(f // 16, len(logs) - 1)] for f in range(video.n_frames)]
    labels = np.concatenate([video.frame_labels for video in tested])

    found = optimum(world, videos, tmp_path / "f", [4], 2)

    assert found["row alone"] == pytest.approx(auroc(labels, scores))
    assert 0.8 < found["row alone"] < 1
    assert set(found) == {"row alone", "4 rows", "bags of 2 rows"}


def test_lists_are_read_by_the_site_as_they_were_meant(
    videos: list[Planted], tmp_path: Path
) -> None:
    listed, events = save_lists(videos, tmp_path, "planted")

    read = {each.name: each for each in list_videos(listed).videos}
    claims = {each.name: each.intervals for each in read_annotations(events).claims}

    assert {name: (each.n_frames, each.label, each.part) for name, each in read.items()} == {
        each.name: (each.n_frames, each.label, each.part) for each in videos
    }
    assert {
        name: tuple((span.start_frame, span.end_frame) for span in spans or ())
        for name, spans in claims.items()
    } == {each.name: each.events for each in videos if each.part == "test"}
