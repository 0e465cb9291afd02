"""What one score stands for, and which frames have none."""

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.records import BadInput, Scores
from ml.scores.files import Layout, Series, item_of, read, spread

NONE = pytest.approx(np.nan, nan_ok=True)


def scores_of(values: Any, n_frames: int, **layout: Any) -> Scores:
    series = Series(values=np.array(values, np.float64))
    [found], _notes = spread([item_of("a", series, Layout(**layout), n_frames)])
    return found


def frames(values: list[float], n_frames: int, **layout: Any) -> list[float]:
    return scores_of(values, n_frames, **layout).to_frames(n_frames).tolist()


def of_table(text: str, n_frames: int | dict[str, int], **layout: Any) -> Any:
    """Frames by video, or of the one video, and notes."""
    found = read(text.encode())
    by_video = found.by_video or {"a": found.series}
    lengths = n_frames if isinstance(n_frames, dict) else dict.fromkeys(by_video, n_frames)
    items = [
        item_of(name, series, Layout(**layout), lengths[name])
        for name, series in by_video.items()
        if series
    ]
    scores, notes = spread(items)
    placed = {i.name: s.to_frames(i.n_frames).tolist() for i, s in zip(items, scores, strict=True)}
    return (placed if found.by_video else placed["a"]), [*found.notes, *notes]


@pytest.mark.parametrize(
    ("values", "n_frames", "layout", "expected"),
    [
        ([1, 2, 3], 3, {}, [1, 2, 3]),
        ([2, 3], 3, {"first_frame": 1}, [NONE, 2, 3]),
        ([2, 3], 3, {"missing_at_end": 1}, [2, 3, NONE]),
        ([2, 3], 5, {"first_frame": 2, "missing_at_end": 1}, [NONE, NONE, 2, 3, NONE]),
        ([1, np.nan, 3], 3, {"missing": "allowed"}, [1, NONE, 3]),
        ([np.nan, 1, 3, np.nan], 4, {"missing": "allowed"}, [NONE, 1, 3, NONE]),
        ([np.nan, np.nan], 2, {"missing": "allowed"}, [NONE, NONE]),
        ([], 2, {"first_frame": 2}, [NONE, NONE]),
        ([1, 2], 3, {"unit": "segment", "frames_per_value": 2}, [1, 1, 2]),
        ([1, 2], 5, {"unit": "segment", "frames_per_value": 2, "tail": "last"}, [1, 1, 2, 2, 2]),
        ([1, 2], 5, {"unit": "segment", "frames_per_value": 2, "tail": "none"}, [1, 1, 2, 2, NONE]),
        (
            [1, 2],
            6,
            {"unit": "segment", "frames_per_value": 2, "first_frame": 1, "missing_at_end": 1},
            [NONE, 1, 1, 2, 2, NONE],
        ),
        (
            [1, 2],
            4,
            {"unit": "segment", "frames_per_value": 2, "missing_at_end": 1},
            [1, 1, 2, NONE],
        ),
        (
            [1],
            4,
            {"unit": "segment", "frames_per_value": 2, "missing_at_end": 1, "tail": "last"},
            [1, 1, 1, NONE],
        ),
        (
            [1],
            4,
            {"unit": "segment", "frames_per_value": 2, "missing_at_end": 1, "tail": "none"},
            [1, 1, NONE, NONE],
        ),
        (
            [1, np.nan, 3],
            5,
            {"unit": "segment", "frames_per_value": 2, "missing": "allowed"},
            [1, 1, NONE, NONE, 3],
        ),
        ([1, 2], 5, {"unit": "equal_segments"}, [1, 1, 1, 2, 2]),
        ([7], 3, {"unit": "clip"}, [7, 7, 7]),
        ([7], 3, {"unit": "segment", "frames_per_value": 2**31 - 1}, [7, 7, 7]),
    ],
)
def test_scores_reach_their_frames(
    values: list[float], n_frames: int, layout: dict[str, Any], expected: list[Any]
) -> None:
    assert frames(values, n_frames, **layout) == expected


def test_frames_without_a_score_at_the_ends_are_written_in_one_way() -> None:
    padded = scores_of([np.nan, 1, np.nan, 3, np.nan], 5, missing="allowed")
    cut = scores_of([1, np.nan, 3], 5, missing="allowed", first_frame=1, missing_at_end=1)

    assert (padded.first_frame, padded.has_gaps, len(padded.values)) == (1, True, 3)
    assert padded.to_bytes() == cut.to_bytes()
    assert not scores_of([np.nan, 1], 2, missing="allowed").has_gaps


@pytest.mark.parametrize(
    ("n_values", "n_frames", "layout", "sentence"),
    [
        (6, 10, {}, "6 scores where 10 are expected.*first_frame=4"),
        (185, 200, {}, "If the last 15 frames have no score, say missing_at_end=15; if the first"),
        (5, 10, {"first_frame": 2}, "last 3 frames have no score, say missing_at_end=3; .*=5"),
        (13, 200, {}, "for several frames, say unit=segment and frames_per_value=16"),
        (12, 200, {}, "for several frames, say unit=segment and frames_per_value=16"),
        (67, 200, {}, "for several frames, say unit=segment and frames_per_value=3"),
        (11, 10, {}, "11 scores where 10 are expected, one for each of 10 frames. Nothing is cut"),
        (0, 10, {}, "0 scores where 10 are expected, .* Nothing is cut off or filled up"),
        (1, 5, {"unit": "segment", "frames_per_value": 2}, "1 score where 3 are expected.*or 2"),
        (2, 5, {"unit": "segment", "frames_per_value": 2}, "say tail=last"),
        (0, 5, {"unit": "equal_segments"}, "cannot be cut into 0 parts"),
        (6, 5, {"unit": "equal_segments"}, "cannot be cut into 6 parts"),
        (2, 5, {"unit": "clip"}, "2 scores where one for the whole video is expected"),
        (5, 5, {"unit": "minute"}, "none of frame, segment"),
        (5, 5, {"tail": "cut"}, "none of last, none"),
        (5, 5, {"missing": "yes"}, "missing 'yes' is none of allowed"),
        (5, 5, {"base": 2}, "base is 0 or 1"),
        (5, 5, {"base": True}, "base is 0 or 1"),
        (5, 5, {"frames_per_value": 0}, "frames_per_value is 0: it is a whole number, 1 or more"),
        (5, 5, {"first_frame": -1}, "first_frame is -1: it is a whole number, 0 or more"),
        (5, 5, {"first_frame": 2**31}, "first_frame is 2147483648"),
        (5, 5, {"missing_at_end": 1.5}, "missing_at_end is 1.5"),
        (5, 5, {"frames_per_value": 2}, "said of unit=segment only"),
        (5, 5, {"tail": "last"}, "said of unit=segment only"),
        (1, 5, {"unit": "clip", "first_frame": 2}, "unit=clip goes through the whole video"),
        (2, 5, {"unit": "equal_segments", "missing_at_end": 2}, "goes through the whole video"),
    ],
)
def test_scores_that_do_not_fit_are_refused_with_what_would(
    n_values: int, n_frames: int, layout: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(BadInput, match=f"^a: .*{sentence}"):
        frames([0.5] * n_values, n_frames, **layout)


def test_what_a_refusal_tells_to_say_fits() -> None:
    assert frames([0.5] * 185, 200, missing_at_end=15) == [0.5] * 185 + [NONE] * 15
    assert len(frames([0.5] * 13, 200, unit="segment", frames_per_value=16)) == 200


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ([1, np.nan], "1 of 2 scores is empty or NaN, the first at frame 1: .*missing=allowed"),
        ([np.nan, np.nan], "2 of 2 scores are empty or NaN, the first at frame 0"),
        ([1, np.inf], "NaN or infinite, the first at index 1"),
        ([1, 1e39], r"1 of 2 scores are beyond ± 3.4e\+38, the first at index 1"),
    ],
)
def test_scores_that_are_no_numbers_are_refused(values: list[float], sentence: str) -> None:
    with pytest.raises(BadInput, match=sentence):
        frames(values, 2)


def test_infinite_scores_are_no_frames_without_a_score() -> None:
    with pytest.raises(BadInput, match="1 of 2 scores are NaN or infinite"):
        frames([1, -np.inf], 2, missing="allowed")


class TestKeptExactly:
    @pytest.mark.parametrize(
        "values",
        [[0.1, 0.1 + 1e-12], [1e-46, 2e-46], [2**24 + 1, 2**24], [1 - 2**-53, 1.0], [1e30, 1e-30]],
    )
    def test_scores_that_float32_would_tie_stay_apart(self, values: list[float]) -> None:
        found = scores_of(values, 2)

        assert found.is_double
        assert found.to_frames(2).tolist() == values
        again = Scores.from_bytes(
            found.to_bytes(), first_frame=0, frames_per_value=1, is_double=True
        )
        assert again.to_frames(2).tolist() == values

    @pytest.mark.parametrize("values", [[0.5, 0.25], [2**24, -1], [np.float32(0.1), np.nan]])
    def test_float32_is_enough_where_it_changes_nothing(self, values: list[float]) -> None:
        found = scores_of(values, 2, missing="allowed")

        assert not found.is_double
        assert found.to_frames(2).tolist() == [each if each == each else NONE for each in values]

    @given(st.lists(st.floats(-3e38, 3e38, allow_subnormal=True), min_size=1, max_size=20))
    def test_any_number_comes_back_as_it_was(self, values: list[float]) -> None:
        assert frames(values, len(values)) == values


class TestNumberedRows:
    def test_rows_go_where_they_say(self) -> None:
        text = "video,frame,score\n" + "".join(
            f"{video},{frame},{100 * ord(video) + frame}\n"
            for frame in sorted(range(12), key=str)
            for video in "ba"
        )

        placed, notes = of_table(text, 12)

        assert placed == {
            "b": [9800 + frame for frame in range(12)],
            "a": [9700 + frame for frame in range(12)],
        }
        assert notes == []

    def test_numbers_from_1_on_are_told(self) -> None:
        placed, notes = of_table("frame,score\n2,0.5\n1,0.25\n3,1\n", 3)

        assert placed == [0.25, 0.5, 1]
        assert notes == ["Frames are counted from 1 in this file: number 1 is the first frame."]

    def test_all_videos_of_a_file_count_alike(self) -> None:
        """Video a alone could be counted from 0, its first frame left out."""
        text = "video,frame,score\na,1,1\na,3,3\nb,1,5\nb,2,6\n"

        placed, notes = of_table(text, {"a": 4, "b": 2}, missing="allowed")

        assert placed == {"a": [1, NONE, 3, NONE], "b": [5, 6]}
        assert len(notes) == 1

    @pytest.mark.parametrize(
        ("rows", "layout", "expected"),
        [
            ("2,2\n3,3", {"first_frame": 2}, [NONE, NONE, 2, 3]),
            ("3,2\n4,3", {"first_frame": 2}, [NONE, NONE, 2, 3]),
            ("0,0\n1,1", {"missing_at_end": 2}, [0, 1, NONE, NONE]),
            ("1,0\n2,1", {"missing_at_end": 2}, [0, 1, NONE, NONE]),
            ("0,0\n3,3", {"missing": "allowed"}, [0, NONE, NONE, 3]),
            ("1,0\n4,3", {"missing": "allowed"}, [0, NONE, NONE, 3]),
            ("0,0\n1,\n2,2\n3,3", {"missing": "allowed"}, [0, NONE, 2, 3]),
            ("1,1\n2,2", {"missing": "allowed", "base": 0}, [NONE, 1, 2, NONE]),
            ("1,1\n2,2", {"missing": "allowed", "base": 1}, [1, 2, NONE, NONE]),
            ("1,1\n2,2\n3,3", {"first_frame": 1, "base": 0}, [NONE, 1, 2, 3]),
            ("1,1\n2,2\n3,3", {"missing_at_end": 1}, [1, 2, 3, NONE]),
        ],
    )
    def test_frames_without_a_row(
        self, rows: str, layout: dict[str, Any], expected: list[Any]
    ) -> None:
        assert of_table(f"frame,score\n{rows}\n", 4, **layout)[0] == expected

    @pytest.mark.parametrize(
        ("rows", "layout", "sentence"),
        [
            ("0,1\n1,1\n2,1", {}, "a: frame 3 has no score: .* say missing_at_end=1"),
            ("2,1\n3,1", {"base": 0}, "a: frames 0 to 1 have no score: .* say first_frame=2"),
            ("1,1\n2,1", {"base": 0}, "2 scores are left.*first_frame=1 and missing_at_end=1"),
            ("0,1\n3,1", {}, "a: frames 1 to 2 have no score: .* say missing=allowed"),
            ("0,1\n2,1", {}, "2 scores are left out, between the frames 1 and 3: .*allowed"),
            ("1,1\n2,1\n3,1", {}, "Are frames counted from 0 or from 1"),
            ("1,1\n2,1\n3,1", {"missing": "allowed"}, "say base=0 or base=1"),
            ("0,1\n1,1\n2,1\n4,1", {}, "it has a frame 4, and the 4 frames of the video are 0 … 3"),
            ("1,1\n2,1\n3,1\n5,1", {}, "it has a frame 5"),
            ("1,1\n2,1\n3,1\n4,1", {"base": 0}, "it has a frame 4, and the 4 frames .* are 0 … 3"),
            ("-1,1\n0,1\n1,1\n2,1", {}, "it has a frame -1"),
            ("0,1\n1,1\n2,1\n3,1", {"first_frame": 1}, "frame 0 has a score, though first_frame=1"),
            ("0,1\n1,1\n2,1\n3,1", {"missing_at_end": 1}, "frame 3 has a score, though"),
            ("0,1\n1,1\n2,1\n3,1", {"unit": "clip"}, "its rows have numbers"),
        ],
    )
    def test_rows_that_do_not_fit(self, rows: str, layout: dict[str, Any], sentence: str) -> None:
        with pytest.raises(BadInput, match=sentence):
            of_table(f"frame,score\n{rows}\n", 4, **layout)

    @pytest.mark.parametrize(
        ("text", "layout"),
        [
            ("segment,score\n0,1\n2,3\n1,2\n", {}),
            ("segment_id,score\n1,1\n2,2\n3,3\n", {}),
            ("frame,score\n0,1\n2,3\n1,2\n", {}),
            ("frame,score\n0,1\n32,3\n16,2\n", {}),
            ("start_frame,score\n0,1\n16,2\n32,3\n", {}),
            ("start,end,score\n0,16,1\n16,32,2\n32,40,3\n", {}),
            ("start,end,score\n1,16,1\n17,32,2\n33,40,3\n", {}),
            ("clip,video,score\n0,a,1\n1,a,2\n2,a,3\n", {}),
        ],
    )
    def test_numbered_segments(self, text: str, layout: dict[str, Any]) -> None:
        placed, _notes = of_table(text, 40, unit="segment", frames_per_value=16, **layout)

        found = placed["a"] if isinstance(placed, dict) else placed
        assert found == [1] * 16 + [2] * 16 + [3] * 8

    @pytest.mark.parametrize(
        ("text", "sentence"),
        [
            ("start,score\n0,1\n8,2\n16,3\n", "a segment starts at 8, and with frames_per_value"),
            ("start,end,score\n0,8,1\n16,24,2\n", "not all of frames_per_value=16 frames"),
            ("start,score\n0,1\n16,2\n32,3\n48,4\n", "starts at frame 48, and the video has 40"),
            ("segment,score\n0,1\n1,2\n3,4\n", "it has a segment 3, and the 3 segments .* 0 … 2"),
            ("segment,score\n0,1\n2,2\n", "frames 16 to 31 have no score"),
        ],
    )
    def test_segments_that_do_not_fit(self, text: str, sentence: str) -> None:
        with pytest.raises(BadInput, match=sentence):
            of_table(text, 40, unit="segment", frames_per_value=16)

    def test_a_video_without_rows_has_no_say(self) -> None:
        none, some = np.zeros(0, np.int64), np.array([1, 2])
        items = [
            item_of(name, Series(values=places * 2.0, places=places), Layout(**layout), 2)
            for name, places, layout in (("a", none, {"missing_at_end": 2}), ("b", some, {}))
        ]

        scores, notes = spread(items)

        assert [each.to_frames(2).tolist() for each in scores] == [[NONE, NONE], [2, 4]]
        assert len(notes) == 1

    @pytest.mark.parametrize("base", [0, 1])
    def test_numbered_equal_parts(self, base: int) -> None:
        text = f"segment,score\n{base + 1},2\n{base},1\n"

        placed, notes = of_table(text, 5, unit="equal_segments")

        assert placed == [1, 1, 1, 2, 2]
        assert len(notes) == base

    def test_segments_are_not_taken_for_frames(self) -> None:
        with pytest.raises(BadInput, match="its rows are segments: say unit=segment"):
            of_table("segment,score\n0,1\n1,2\n", 2)

    def test_a_shorter_rest_without_a_score_of_its_own(self) -> None:
        text = "segment,score\n1,2\n0,1\n"
        layout = {"unit": "segment", "frames_per_value": 2}

        assert of_table(text, 5, tail="none", **layout)[0] == [1, 1, 2, 2, NONE]
        with pytest.raises(BadInput, match="say tail=last"):
            of_table(text, 5, **layout)


class TestHeadings:
    @pytest.mark.parametrize(
        "head",
        [
            "video,frame,score", "Video Name,Frame No.,Anomaly Score", "video_id,frame_id,score",
            "filename,frame_idx,prob", "file,index,value", "path,t,pred",
            "name,frame_number,y_score", "clip,FrameIndex,predictions",
        ],
    )  # fmt: skip
    def test_what_others_call_them(self, head: str) -> None:
        placed, _notes = of_table(f"{head}\nx,1,0.5\ny,0,1\nx,0,2\ny,1,4\n", 2)

        assert placed == {"x": [2, 0.5], "y": [1, 4]}

    @pytest.mark.parametrize(
        ("head", "sentence"),
        [
            ("video,number,score", "the column number is not understood; known are video, frame"),
            ("video,frame,normality", "the column normality is not understood"),
            ("video,time,score", "the column time is not understood"),
            ("video,score,prob", "the columns score, prob may both be the score: keep one"),
            ("video,path,score", "the columns video, path may both be the video: keep one"),
            ("frame,segment,score", "the columns frame, segment both say where a score belongs"),
            ("video,end,score", "says where a segment ends, and none where it starts"),
            ("video,frame,label", "no column is called score"),
        ],
    )
    def test_what_is_not_understood_is_refused_by_name(self, head: str, sentence: str) -> None:
        with pytest.raises(BadInput, match=sentence):
            read(f"{head}\nx,0,1\n".encode())

    def test_what_has_no_say_is_left_and_told(self) -> None:
        placed, notes = of_table("frame,time,gt,score\n1,0.04,1,3\n0,0,0,2\n", 2)

        assert placed == [2, 3]
        assert notes == ["Not read of the table: time, gt."]


class TestStatedByTheFile:
    def test_a_file_says_how_its_scores_lie(self) -> None:
        data: Any = {"a": {"scores": [1, None, 3], "first_frame": 1, "n_frames": 4}}
        data["a"]["missing"] = "allowed"

        assert of_table(json.dumps(data), {"a": 4})[0]["a"] == [NONE, 1, NONE, 3]

    def test_file_and_sender_must_agree(self) -> None:
        text = json.dumps({"a": {"scores": [1, 2], "first_frame": 1}})

        assert of_table(text, {"a": 3}, first_frame=1)[0]["a"] == [NONE, 1, 2]
        with pytest.raises(BadInput, match="a: the file says first_frame=1, and its sender"):
            of_table(text, {"a": 3}, first_frame=2)

    @pytest.mark.parametrize(
        ("fields", "sentence"),
        [
            ({"first_frame": "1"}, "first_frame is '1': it is a whole number"),
            ({"unit": ["frame"]}, r"unit \['frame'\] is none of"),
            ({"n_frames": 7}, "scores of 7 frames, and the video has 3"),
            ({"missing": True}, "missing True is none of allowed"),
        ],
    )
    def test_what_it_says_is_checked(self, fields: dict[str, Any], sentence: str) -> None:
        with pytest.raises(BadInput, match=f"a: .*{sentence}"):
            of_table(json.dumps({"a": {"scores": [1, 2, 3]} | fields}), {"a": 3})

    @given(
        values=st.lists(st.one_of(st.none(), st.floats(-9, 9)), max_size=6),
        first=st.integers(1, 9),
        width=st.integers(1, 5),
        n_after=st.integers(0, 7),
    )
    def test_frames_give_back_the_resolution_they_came_in(
        self, values: list[float | None], first: int, width: int, n_after: int
    ) -> None:
        n_frames = first + len(values) * width + n_after
        filled = [np.nan if each is None else each for each in values]
        before = scores_of(
            filled,
            n_frames,
            missing="allowed",
            missing_at_end=n_after,
            first_frame=first,
            **({"unit": "segment", "frames_per_value": width} if width > 1 else {}),
        )
        frames = before.to_frames(n_frames).tolist()
        answer = {
            "first_frame": before.first_frame,
            "frames_per_value": before.frames_per_value,
            "frames": [None if each != each else each for each in frames],
        }

        series = read(json.dumps(answer).encode()).series
        assert series is not None
        [after], _notes = spread([item_of("a", series, Layout(), n_frames)])

        assert after.to_bytes() == before.to_bytes()
        places = (before.first_frame, before.frames_per_value, before.has_gaps)
        assert (after.first_frame, after.frames_per_value, after.has_gaps) == places


@settings(max_examples=500)
@given(
    unit=st.sampled_from(["frame", "segment"]),
    first=st.integers(0, 6),
    after=st.integers(0, 6),
    width=st.integers(2, 5),
    n_places=st.integers(0, 8),
    rest=st.integers(1, 5),
    data=st.data(),
)
def test_each_score_lands_on_exactly_its_frames(
    unit: Any, first: int, after: int, width: int, n_places: int, rest: int, data: st.DataObject
) -> None:
    """Against a plain count: score i covers its frames, cut off where the last is shorter."""
    width = width if unit == "segment" else 1
    rest = min(rest, width)
    room = (n_places - 1) * width + rest if n_places else 0
    n_frames = first + room + after
    is_left_out = data.draw(st.lists(st.booleans(), min_size=n_places, max_size=n_places))
    values = [np.nan if out else float(i) for i, out in enumerate(is_left_out)]
    expected: list[Any] = [NONE] * n_frames
    for place, value in enumerate(values):
        for frame in range(first + place * width, min(first + room, first + (place + 1) * width)):
            expected[frame] = NONE if value != value else value

    found = frames(
        values,
        n_frames,
        unit=unit,
        frames_per_value=width,
        first_frame=first,
        missing_at_end=after,
        missing="allowed",
    )

    assert found == expected


@pytest.mark.parametrize("unit", ["frame", "segment", "equal_segments", "clip"])
def test_every_rule_is_a_sentence(unit: Any) -> None:
    assert Layout(unit=unit, frames_per_value=16).rule.endswith(".")


def test_a_rule_says_which_frames_have_none() -> None:
    layout = Layout(first_frame=8, missing_at_end=7, missing="allowed")

    assert layout.rule == (
        "One score per frame from frame 8 on; the last 7 frames have none; frames whose score is "
        "left out have none."
    )
