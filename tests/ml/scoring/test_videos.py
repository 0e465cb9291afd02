from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from ml.methods import Method
from ml.records import BadInput, Scores, VideoRecord
from ml.reports import Reporter, to_nobody
from ml.scoring.videos import load_scores, score_videos


def method_that_says(*values: float, first_frame: int = 0) -> Method:
    scores = Scores(
        values=np.array(values, np.float32), first_frame=first_frame, frames_per_value=2
    )
    return cast(Method, SimpleNamespace(score=lambda video: scores, rule="one for two frames"))


def record(name: str, n_frames: int = 6) -> VideoRecord:
    return VideoRecord(id=name, path=f"/data/test/{name}", n_frames=n_frames)


def test_score_videos_reports_each_and_can_be_loaded(tmp_path: Path) -> None:
    events: list[dict[str, Any]] = []
    videos = [record("test/01"), record("../02")]

    result = score_videos(
        method_that_says(0.5, 0.25, first_frame=1), videos, tmp_path, Reporter(events.append)
    )

    sent = [event for event in events if event["event"] == "scores"]
    assert [
        (event["video_id"], event["first_frame"], event["frames_per_value"]) for event in sent
    ] == [
        ("test/01", 1, 2),
        ("../02", 1, 2),
    ]
    assert {Path(event["path"]).parent for event in sent} == {tmp_path}
    assert load_scores(tmp_path)["../02"].values.tolist() == [0.5, 0.25]
    assert result == {"rule": "one for two frames", "n_videos": 2}


def test_score_videos_takes_a_video_that_nobody_counted(tmp_path: Path) -> None:
    method = method_that_says(0.5, 0.25, first_frame=4)

    score_videos(method, [record("a.mp4", n_frames=0)], tmp_path, to_nobody())

    assert len(load_scores(tmp_path)["a.mp4"].to_frames(8)) == 8


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ((0.1, float("nan")), "test/a.mp4: 1 of 2 scores are NaN or infinite"),
        ((1, 2, 3, 4), "test/a.mp4: 4 scores where at most 3 fit"),
    ],
)
def test_score_videos_refuses_scores_that_do_not_fit(
    tmp_path: Path, values: tuple[float, ...], sentence: str
) -> None:
    with pytest.raises(BadInput, match=sentence):
        score_videos(method_that_says(*values), [record("a.mp4")], tmp_path, to_nobody())


def test_load_scores_of_a_folder_without_any(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="holds no readable scores"):
        load_scores(tmp_path)


def test_load_scores_refuses_pickles(tmp_path: Path) -> None:
    score_videos(method_that_says(1), [record("a")], tmp_path, to_nobody())
    np.save(tmp_path / "scores-00000.npy", np.array([{"a": 1}]), allow_pickle=True)

    with pytest.raises(BadInput, match="holds no readable scores"):
        load_scores(tmp_path)


def test_one_that_scores_in_one_way_at_a_time_is_asked_for_each(tmp_path: Path) -> None:
    events: list[dict[str, Any]] = []

    for way in ("a", "b"):
        score_videos(
            method_that_says(0.5, 0.25), [record("x")], tmp_path / way, Reporter(events.append),
            way=way,
        )  # fmt: skip

    assert [event["way"] for event in events if event["event"] == "scores"] == ["a", "b"]
    assert load_scores(tmp_path / "a").keys() == load_scores(tmp_path / "b").keys() == {"x"}
