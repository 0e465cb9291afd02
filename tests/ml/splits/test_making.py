from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.leaks import held_out, leak_report
from ml.records import BadInput
from ml.splits.lists import read_list
from ml.splits.making import Grouped, hold_out_validation, make_folds, not_stratified
from ml.splits.tables import read_groups

LABELS = st.sampled_from(["normal", "running"])
GROUPS = st.sampled_from(["", "a", "b", "c", "d"])


def videos_of(*rows: tuple[str, str]) -> list[Grouped]:
    """(label, group) of each, named by its place."""
    return [
        Grouped(name=f"v{number}", label=label, group=group)
        for number, (label, group) in enumerate(rows)
    ]


@given(
    rows=st.lists(st.tuples(LABELS, GROUPS), min_size=8, max_size=40),
    seed=st.integers(0, 99),
    n_folds=st.integers(2, 4),
)
def test_folds_hold_each_group_out_once(
    rows: list[tuple[str, str]], seed: int, n_folds: int
) -> None:
    videos = videos_of(*rows)
    n_groups = len({video.group or video.name for video in videos})
    if n_groups < n_folds:
        return

    folds = make_folds(videos, n_folds, seed)

    times = Counter(name for fold in folds for name in held_out(fold))
    assert times == Counter(video.name for video in videos)
    assert all(held_out(fold) for fold in folds)
    report = leak_report(folds, {"source": {video.name: video.group for video in videos}})
    assert not report.has_leaks


def test_folds_have_like_shares_of_the_classes() -> None:
    rows = [("running" if number % 3 == 0 else "normal", f"g{number}") for number in range(60)]
    videos = videos_of(*rows)

    folds = make_folds(videos, 4, seed=0)

    labels = {video.name: video.label for video in videos}
    counts = [Counter(labels[name] for name in held_out(fold)) for fold in folds]
    assert counts == [Counter(normal=10, running=5)] * 4


def test_folds_do_not_depend_on_the_order_of_videos() -> None:
    videos = videos_of(*[("normal", f"g{number % 7}") for number in range(30)])

    folds = make_folds(videos, 3, seed=5)

    assert make_folds(videos[::-1], 3, seed=5) == folds
    assert make_folds(videos, 3, seed=6) != folds


@pytest.mark.parametrize(
    ("n_folds", "sentence"),
    [(1, "1 folds cannot be made"), (51, "51 folds"), (3, "of 2 groups that may not be parted")],
)
def test_folds_that_cannot_be_made(n_folds: int, sentence: str) -> None:
    with pytest.raises(BadInput, match=sentence):
        make_folds(videos_of(("normal", "a"), ("normal", "a"), ("normal", "b")), n_folds, seed=0)


def test_validation_takes_whole_groups_of_normal_videos() -> None:
    videos = videos_of(*[("normal", f"g{number // 2}") for number in range(20)])

    names = hold_out_validation(videos, 0.2, seed=0)

    assert len(names) == 4
    assert len({video.group for video in videos if video.name in names}) == 2


@given(seed=st.integers(0, 99))
def test_validation_leaves_groups_with_abnormal_videos(seed: int) -> None:
    videos = videos_of(("normal", "a"), ("running", "a"), ("normal", "b"), ("normal", "c"))

    names = hold_out_validation(videos, 0.3, seed)

    assert names in ({"v2"}, {"v3"})


def test_validation_takes_the_smallest_group_where_all_are_larger() -> None:
    videos = videos_of(*[("normal", "a")] * 6, *[("normal", "b")] * 4)

    assert hold_out_validation(videos, 0.1, seed=0) == {"v6", "v7", "v8", "v9"}


@pytest.mark.parametrize(
    ("rows", "share", "sentence"),
    [
        ([("normal", "a")], 1.0, "a share of 1 cannot be held out"),
        ([("normal", "a"), ("running", "a")], 0.5, "0 groups have normal videos only"),
        ([("normal", "a"), ("normal", "a")], 0.5, "must be left to train on"),
    ],
)
def test_validation_that_cannot_be_held_out(
    rows: list[tuple[str, str]], share: float, sentence: str
) -> None:
    with pytest.raises(BadInput, match=sentence):
        hold_out_validation(videos_of(*rows), share, seed=0)


def test_validation_of_both_kinds_takes_the_share_of_each() -> None:
    videos = videos_of(*[("normal", "")] * 30, *[("running", "")] * 10)

    names = hold_out_validation(videos, 0.2, seed=0, with_abnormal=True)

    labels = [video.label for video in videos if video.name in names]
    assert (labels.count("normal"), labels.count("running")) == (6, 2)


@given(seed=st.integers(0, 99))
def test_validation_of_both_kinds_keeps_groups_together(seed: int) -> None:
    rows = [(label, f"g{number // 3}") for number in range(30) for label in ("normal", "running")]
    videos = videos_of(*rows)

    names = hold_out_validation(videos, 0.3, seed, with_abnormal=True)

    held = {video.group for video in videos if video.name in names}
    assert {video.name for video in videos if video.group in held} == names
    assert len(held) == 3
    assert hold_out_validation(videos[::-1], 0.3, seed, with_abnormal=True) == names


def test_validation_of_both_kinds_takes_the_smallest_group_of_a_kind_that_none_fits() -> None:
    running = [("running", "a")] * 6 + [("running", "b")] * 4
    videos = videos_of(*[("normal", "")] * 10, *running)

    names = hold_out_validation(videos, 0.1, seed=0, with_abnormal=True)

    assert {"v16", "v17", "v18", "v19"} < names
    assert len(names) == 5


@pytest.mark.parametrize(
    "rows",
    [
        [("normal", "a"), ("normal", "b")],
        [("normal", "a"), ("normal", "b"), ("running", "c")],
        [("normal", "a"), ("running", "a")] * 3,
    ],
)
def test_validation_of_both_kinds_that_cannot_be_held_out(rows: list[tuple[str, str]]) -> None:
    with pytest.raises(BadInput, match="some of each kind must be held out and some left"):
        hold_out_validation(videos_of(*rows), 0.5, seed=0, with_abnormal=True)


@pytest.mark.shared_data
def test_folds_of_real_clips_do_not_leak(shared_data: Path) -> None:
    folder = shared_data / "shoplifting/annotations_wivj4zm4fpg0"
    listed = read_list((folder / "cross_validation_20181220_1.csv").read_bytes(), "1.csv").entries
    table = (folder / "annotation_20181219.csv").read_bytes()
    bases = read_groups(table, "groups", {"source": "base_name"})
    sources = {name: groups["source"].partition("_")[2] for name, groups in bases.items()}
    videos = [
        Grouped(name=entry.name, label=entry.label, group=sources[entry.name]) for entry in listed
    ]

    folds = make_folds(videos, 4, seed=0)

    assert leak_report(folds, {"source": sources}).findings == ()
    sizes = [len(held_out(fold)) for fold in folds]
    assert sum(sizes) == 356
    assert max(sizes) - min(sizes) <= 10


def test_folds_that_are_not_stratified_are_named() -> None:
    videos = [Grouped(name=f"n{i}", label="normal") for i in range(6)]
    videos += [Grouped(name=f"s{i}", label="Stealing", group="film") for i in range(3)]

    assert not_stratified(videos, make_folds(videos, 3, 0)) == (
        "3 folds cannot be stratified: fold 2 has no abnormal video to test on, of those in 1 "
        "group that may not be parted"
    )
    parted = [replace(video, group="") for video in videos]
    assert not_stratified(parted, make_folds(parted, 3, 0)) == ""
    normal = videos[:6]
    assert not_stratified(normal, make_folds(normal, 3, 0)) == ""
