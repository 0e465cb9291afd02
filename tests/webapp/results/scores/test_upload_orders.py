"""Which video scores are laid on: by their names, or in the one order of clips."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pytest

from ml.scores.files import Layout
from tests.factories.datasets import SplitFactory, SplitMemberFactory, VideoFactory
from tests.factories.results import add_to_test
from tests.factories.runs import RunFactory
from webapp.accounts.models import Team, User
from webapp.common.errors import UserError
from webapp.datasets.models import Split, Video
from webapp.datasets.splits import GivenList, import_split
from webapp.results.models import Evaluation, VideoScores
from webapp.results.scores.uploads import (
    Progress,
    create_uploaded_run,
    find_video,
    store_score_set,
    store_scores,
)
from webapp.runs.models import Run

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("eager_worker")]

N_FRAMES = 6
Waiting = Callable[..., Run]


@pytest.fixture
def waiting(team: Team, bob: User) -> Waiting:
    """A run that waits for scores of these test videos, all of six frames unless told."""

    def make(
        names: Mapping[str, Sequence[int]] | Sequence[str], held_out: Sequence[str] = ()
    ) -> Run:
        labels = names if isinstance(names, Mapping) else dict.fromkeys(names, [0] * N_FRAMES)
        template = RunFactory.create(team=team)
        for name, of_video in labels.items():
            video = VideoFactory.create(dataset=template.dataset, name=name, n_frames=len(of_video))
            add_to_test(template, video, of_video)
        for name in held_out:
            video = VideoFactory.create(
                dataset=template.dataset, name=name, n_frames=N_FRAMES, part="validation"
            )
            SplitMemberFactory.create(split=template.split, video=video, part="validation")
        return create_uploaded_run(
            team=team, dataset=template.dataset, split=template.split, method_title="X", by=bob
        )

    return make


def send(run: Run, data: Any, by: User, **layout: Any) -> Progress:
    content = data if isinstance(data, bytes) else json.dumps(data).encode()
    return store_score_set(run=run, data=content, layout=Layout(**layout), by=by)


def npy(values: Any) -> bytes:
    file = io.BytesIO()
    np.save(file, np.asarray(values))
    return file.getvalue()


def first_scores(run: Run) -> dict[str, float]:
    """Of each test video, the score of its first frame."""
    rows = VideoScores.objects.filter(score_set__run=run).select_related("video")
    return {row.video.name: float(row.scores.values[0]) for row in rows}


def auroc(run: Run) -> Any:
    found = Evaluation.objects.get(score_set__run=run, protocol__slug="frame-raw")
    return found.metrics["auroc"]


def through(n_videos: int) -> bytes:
    """One array: six scores 0, then six scores 1, and so on."""
    return npy(np.repeat(np.arange(float(n_videos)), N_FRAMES))


# --- One array for all


def test_an_array_without_names_goes_by_the_last_part_of_names(waiting: Waiting, bob: User) -> None:
    run = waiting(["b/02", "a/10", "c/1"])

    reached = send(run, through(3), bob)

    assert first_scores(run) == {"c/1": 0, "b/02": 1, "a/10": 2}
    assert reached.notes == [
        "The file names no videos: its scores go through c/1, b/02, a/10 (3 clips), by the last "
        "part of their names, 2 before 10."
    ]


def test_where_clips_share_that_part_folders_come_first(waiting: Waiting, bob: User) -> None:
    run = waiting(["b/01", "a/02", "a/01"])

    send(run, through(3), bob)

    assert first_scores(run) == {"a/01": 0, "a/02": 1, "b/01": 2}


def test_a_list_keeps_its_order(waiting: Waiting, team: Team, bob: User) -> None:
    first = waiting(["a", "b", "c"])
    lists = [GivenList(name="test.txt", data=b"c\na\nb\n", part="test")]
    [split] = import_split(dataset=first.dataset, name="listed", files=lists, by=bob)
    run = create_uploaded_run(
        team=team, dataset=first.dataset, split=split, method_title="X", by=bob
    )

    reached = send(run, through(3), bob)

    assert first_scores(run) == {"c": 0, "a": 1, "b": 2}
    assert "c, a, b (3 clips), as the list of listed v1 has them" in reached.notes[0]


def test_rows_of_one_table_without_names_go_where_they_say(waiting: Waiting, bob: User) -> None:
    run = waiting(["10", "2"])
    rows = sorted(range(1, 13), key=str)
    table = "frame,score\n" + "".join(f"{row},{row}\n" for row in rows)

    reached = send(run, table.encode(), bob)

    assert first_scores(run) == {"2": 1, "10": 7}
    assert reached.notes[0] == (
        "Frames are counted from 1 in this file: number 1 is the first frame."
    )


def test_frames_without_a_score_in_an_array_for_all(waiting: Waiting, bob: User) -> None:
    run = waiting(["a", "b"])
    values = np.arange(12.0)
    values[[0, 7]] = np.nan

    with pytest.raises(UserError, match="a: 1 of 6 scores is empty or NaN, the first at frame 0"):
        send(run, npy(values), bob)
    send(run, npy(values), bob, missing="allowed")

    rows = VideoScores.objects.order_by("video__name")
    frames = [row.scores.to_frames(6).tolist() for row in rows]
    none = pytest.approx(np.nan, nan_ok=True)
    assert frames == [[none, 1, 2, 3, 4, 5], [6, none, 8, 9, 10, 11]]


@pytest.mark.parametrize(
    ("data", "layout", "sentence"),
    [
        (npy(np.arange(11.0)), {}, "11 scores where 12 are expected, one for each frame"),
        (npy(np.arange(11.0)), {}, r"its scores go through a, b \(2 clips\), by the last part"),
        (npy(np.arange(10.0)), {"first_frame": 1}, "needs one score for each of their frames"),
        (npy([1.0, 2.0]), {"unit": "clip"}, "needs one score for each of their frames"),
        (
            b"frame,score\n0,1\n1,1\n0,1\n1,1\n",
            {},
            "line 4: the table has frame 0 already in line 2: of several videos, a column",
        ),
    ],
)
def test_an_array_that_does_not_fit_all(
    waiting: Waiting, bob: User, data: bytes, layout: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(UserError, match=sentence):
        send(waiting(["a", "b"]), data, bob, **layout)


# --- Names


@pytest.mark.parametrize(
    ("name", "sent"),
    [
        ("01", "01.mp4"), ("01", "1"), ("test/01", "01.avi"), ("test/01", "C:\\data\\test\\01.avi"),
        ("Caf\u00e9", "Cafe\u0301"), ("Cafe\u0301", "caf\u00e9.MP4"), ("v=1.5__#2", "v=1.5__#2"),
        ("a, b.c", "x/a, b.c.mkv"), ("test/01_0014", "testing/01_0014.npy".removesuffix(".npy")),
    ],
)  # fmt: skip
def test_names_that_mean_a_video(waiting: Waiting, bob: User, name: str, sent: str) -> None:
    run = waiting([name, "other"])

    assert send(run, {sent: [1] * 6, "other": [2] * 6}, bob).is_complete
    assert first_scores(run)[name] == 1


@pytest.mark.parametrize(
    ("names", "sent", "sentence"),
    [
        (["test/x"], "train/x", r"train/x \(no clip lies there; of that name there is test/x\)"),
        (["x"], "train/x", "no clip lies there; of that name there is x"),
        (["a/01", "b/01"], "01.mp4", r"it may be any of a/01, b/01: name the folder, too"),
        (["a/01"], "b/01", "no clip lies there; of that name there is a/01"),
        (["01_0014"], "01_014", "there is no such clip"),
        (["a.v1.mp4", "a.v1.avi"], "a.v1", "it may be any of a.v1.avi, a.v1.mp4"),
    ],
)
def test_names_that_mean_none(
    waiting: Waiting, bob: User, names: list[str], sent: str, sentence: str
) -> None:
    with pytest.raises(UserError, match=sentence):
        send(waiting(names), {sent: [1] * 6}, bob)


def test_what_may_be_a_test_or_a_validation_video_is_neither(waiting: Waiting, bob: User) -> None:
    run = waiting(["test/x", "test/y"], held_out=["val/x", "val/z"])

    with pytest.raises(UserError, match="x \\(it may be any of test/x, val/x: name the folder"):
        send(run, {"x": [1] * 6}, bob)
    assert find_video(run, "z").name == "val/z"
    assert find_video(run, "validation/x").name == "val/x"
    assert send(run, {"val/x": [1] * 6, "z": [1] * 6, "y": [1] * 6}, bob).missing == ["test/x"]


def test_videos_may_be_called_by_their_ids(waiting: Waiting, bob: User) -> None:
    run = waiting(["a/01", "b/01"])
    ids = {video.name: video.pk for video in Video.objects.all()}

    send(run, {ids["a/01"]: [1] * 6, ids["b/01"]: [2] * 6}, bob)

    assert first_scores(run) == {"a/01": 1, "b/01": 2}


def test_a_file_for_one_video_must_be_of_that_one(waiting: Waiting, bob: User) -> None:
    run = waiting(["a", "b"])
    video = find_video(run, "a")

    def put(data: Any) -> Progress:
        content = json.dumps(data).encode()
        return store_scores(run=run, video=video, data=content, layout=Layout(), by=bob)

    assert put({"a.mp4": [1] * 6}).missing == ["b"]
    with pytest.raises(UserError, match="The file holds the scores of b, not of a alone"):
        put({"b": [1] * 6})
    with pytest.raises(UserError, match="the scores of a, b, not of a alone"):
        put({"a": [1] * 6, "b": [1] * 6})


def test_labels_and_scores_in_one_order(waiting: Waiting, bob: User) -> None:
    """One vector of labels, one of scores, clips in two folders."""
    labels = np.zeros(120, int)
    labels[10:30] = labels[100:110] = 1
    run = waiting({"test/zeta/01": labels[:60].tolist(), "test/alpha/02": labels[60:].tolist()})

    send(run, npy(labels.astype(np.float32)), bob)

    assert auroc(run) == 1


def test_splits_that_hold_the_same_videos_in_other_places(team: Team, bob: User) -> None:
    """A video of the folder train may be a test video of a split."""
    template = RunFactory.create(team=team)
    videos = [
        VideoFactory.create(dataset=template.dataset, name=name, n_frames=N_FRAMES, part="train")
        for name in ("train/a", "train/b")
    ]
    split: Split = SplitFactory.create(dataset=template.dataset)
    for video in videos:
        SplitMemberFactory.create(split=split, video=video, part="test")
    run = create_uploaded_run(
        team=team, dataset=template.dataset, split=split, method_title="X", by=bob
    )

    send(run, {"train/a.mp4": [1] * 6, "b": [2] * 6}, bob)

    assert first_scores(run) == {"train/a": 1, "train/b": 2}
