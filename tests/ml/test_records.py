"""Records: what passes the door, what is refused, and that nothing is lost on the way."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.records import (
    BadInput,
    Box,
    Interval,
    Manifest,
    Scores,
    VideoRecord,
    VideoRegion,
    frame_labels,
    hash_of,
    intervals_of,
)


def scores(values, **rule) -> Scores:
    return Scores(values=np.asarray(values, dtype=np.float32), **rule)


def test_to_frames_spreads_values_and_leaves_the_rest_without_score():
    frames = scores([1, 2, 3], first_frame=2, frames_per_value=3).to_frames(12)
    np.testing.assert_array_equal(
        frames, [np.nan, np.nan, 1, 1, 1, 2, 2, 2, 3, 3, 3, np.nan], strict=False
    )


def test_to_frames_lets_the_last_value_overhang():
    np.testing.assert_array_equal(
        scores([1, 2], frames_per_value=4).to_frames(6), [1] * 4 + [2] * 2
    )


def test_scores_of_nothing_leave_every_frame_without_score():
    empty = scores([], first_frame=9)
    empty.check(3)
    assert np.isnan(empty.to_frames(3)).all()


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (scores([[1, 2]]), "scores have 2 dimensions where 1 is expected"),
        (scores([1, np.nan, np.inf]), "2 of 3 scores are NaN or infinite, the first at index 1"),
        (Scores(values=np.array([1e300])), r"1 of 1 scores are beyond ± 3\.4e\+38, the first at"),
        (scores([1] * 5), "5 scores where at most 4 fit: the video has 4 frames"),
        (scores([1] * 3, frames_per_value=2), "3 scores where at most 2 fit"),
        (scores([1] * 4, first_frame=1), "4 scores where at most 3 fit"),
        (scores([1], first_frame=4), "1 scores where at most 0 fit"),
        (scores([1], first_frame=-1), "scores cannot start at frame -1"),
        (scores([1], frames_per_value=0), "cover 0 frames each"),
    ],
)
def test_check_refuses_with_a_sentence(given, sentence):
    with pytest.raises(BadInput, match=sentence):
        given.check(4)


@given(
    st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False)),
    st.integers(0, 5),
    st.integers(1, 4),
)
def test_scores_survive_their_bytes(values, first_frame, frames_per_value):
    rule = {"first_frame": first_frame, "frames_per_value": frames_per_value}
    before = scores(values, **rule)
    after = Scores.from_bytes(before.to_bytes(), **rule)
    np.testing.assert_array_equal(before.values, after.values)
    assert (after.first_frame, after.frames_per_value) == (first_frame, frames_per_value)


def test_frame_labels_are_half_open_and_cut_at_the_end():
    intervals = [Interval(start_frame=1, end_frame=3), Interval(start_frame=4, end_frame=99)]
    assert frame_labels(intervals, 6).tolist() == [0, 1, 1, 0, 1, 1]


@given(st.lists(st.integers(0, 1), max_size=50))
def test_intervals_of_undoes_frame_labels(labels):
    assert frame_labels(intervals_of(np.array(labels)), len(labels)).tolist() == labels


def test_manifest_survives_its_file(tmp_path):
    video = VideoRecord(
        id="vid_1", path="/a/b.mp4", n_frames=9, intervals=(Interval(start_frame=2, end_frame=4),)
    )
    manifest = Manifest(videos=(video, VideoRecord(id="vid_2", path="c", part="train")))
    manifest.save(tmp_path / "manifest.json")
    assert Manifest.load(tmp_path / "manifest.json") == manifest
    assert manifest.part("test") == (video,)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"videos": [{"id": 1}]}',
        '{"videos": [{"id": "a", "frames": 3}]}',
        '{"videos": [{"id": "a", "path": "p", "id": "b"}]}',
        '{"videos": [], "fps": NaN}',
    ],
)
def test_a_file_that_is_no_manifest_is_refused(tmp_path, text):
    (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(BadInput, match=r"manifest\.json is not a manifest"):
        Manifest.load(tmp_path / "manifest.json")


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"part": "training"}, "a: part 'training' is none of train, validation, test"),
        ({"kind": "video"}, "a: kind 'video' is none of file, frames"),
        ({"rotation": 45}, "a: rotation 45 is none of 0, 90, 180, 270"),
        ({"path": None}, "video a: its path is no text"),
        ({"n_frames": "9"}, "a: n_frames '9' is no number of frames"),
        ({"n_frames": -1}, "a: n_frames -1 is no number of frames"),
        ({"intervals": [{"start_frame": 5, "end_frame": 3}]}, r"a: \[5, 3\) is no interval"),
        ({"intervals": [{"start_frame": -2, "end_frame": 3}]}, r"a: \[-2, 3\) is no interval"),
        ({"intervals": [{"start_frame": 1.5, "end_frame": 3}]}, r"a: \[1.5, 3\) is no interval"),
        (
            {"intervals": [{"start_frame": 5, "end_frame": 11}]},
            r"\[5, 11\) ends past the last of 10",
        ),
    ],
)
def test_a_manifest_that_says_what_cannot_be_is_refused(tmp_path, fields, sentence):
    video = {"id": "a", "path": "/a.mp4", "n_frames": 10} | fields
    (tmp_path / "manifest.json").write_text(json.dumps({"videos": [video]}))
    with pytest.raises(BadInput, match=sentence):
        Manifest.load(tmp_path / "manifest.json")


def test_a_manifest_with_an_id_twice_is_refused(tmp_path):
    twins = (VideoRecord(id="a", path="/a.mp4"), VideoRecord(id="a", path="/b.mp4"))
    Manifest(videos=twins).save(tmp_path / "manifest.json")
    with pytest.raises(BadInput, match=r"manifest\.json has 2 videos with the id a"):
        Manifest.load(tmp_path / "manifest.json")


def test_hash_of_ignores_the_order_of_keys():
    assert hash_of({"a": 1, "b": [2, 3]}) == hash_of({"b": [2, 3], "a": 1})
    assert hash_of({"a": [2, 3]}) != hash_of({"a": [3, 2]})


def test_regions_and_rates_of_images_go_through_a_manifest(tmp_path):
    box = Box(left=1, top=2, width=3, height=4)
    regions = (
        VideoRegion(start_frame=0, end_frame=5, box=box, label="punch"),
        VideoRegion(start_frame=2, end_frame=9),
    )
    video = VideoRecord(id="a", path="a", kind="frames", n_frames=9, fps=12.5, regions=regions)
    Manifest(videos=(video,)).save(tmp_path / "m.json")

    assert Manifest.load(tmp_path / "m.json").videos == (video,)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"fps": -1}, "a: fps -1 is no number of frames per second"),
        ({"regions": (VideoRegion(start_frame=3, end_frame=3),)}, r"a: \[3, 3\) is no range of fr"),
        (
            {"regions": (VideoRegion(start_frame=3, end_frame=10),)},
            r"a: a region of the frames \[3, 10\) ends past the last of 9 frames",
        ),
        (
            {
                "regions": (
                    VideoRegion(
                        start_frame=3, end_frame=4, box=Box(left=0, top=0, width=0, height=2)
                    ),
                )
            },
            r"a: a box of 0 × 2 pixels at \(0, 0\) is no part of a picture",
        ),
    ],
)
def test_regions_that_no_video_can_have(changes, sentence):
    with pytest.raises(BadInput, match=sentence):
        VideoRecord(id="a", path="a", n_frames=9, **changes).check()
