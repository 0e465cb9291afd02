"""Folders of features as people have them: which layout they are, and what each makes of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ml.data.features import open_features, read_array
from ml.data.features.folder import read_features
from ml.data.features.layouts import choose
from ml.records import BadInput, FeaturePart, FeatureRecord, VideoRecord
from ml.reports import Event, Reporter
from tests.ml.data.features.test_folder import of, save, told

XD = "Bad.Boys.1995__#01-11-55_01-12-40_label_G-B2-B6"  # a name with dots, as all of that set


def read(folder: Path, videos: dict[str, int], *, fps: float = 0.0, **spec: Any) -> list[Event]:
    events: list[Event] = []
    known = [{"id": name, "name": name, "n_frames": n, "fps": fps} for name, n in videos.items()]
    given = {"folder": str(folder), "videos": known, "frames_per_row": 16} | spec
    read_features(given, Reporter(events.append))
    return events


def values(events: list[Event]) -> dict[str, Any]:
    [result] = of(events, "result")
    found: dict[str, Any] = result["values"]
    return found


def rows_of(event: Event, folder: Path, n_frames: int) -> Any:
    """Opened as a method would."""
    parts = tuple(
        FeaturePart(paths=tuple(str(folder / path) for path in part["paths"]), step=part["step"])
        for part in event["parts"]
    )
    record = FeatureRecord(
        path=str(folder / event["path"]), row_length=event["row_length"], parts=parts
    )
    video = VideoRecord(id="a", path="", n_frames=n_frames, features=record)
    video.check()
    return open_features(video)


def crops(folder: Path, name: str, numbers: Any, *, n_rows: int = 3, width: int = 4) -> None:
    """Each file full of its own number."""
    for crop in numbers:
        save(folder, f"{name}__{crop}.npy", np.full((n_rows, width), crop))


@pytest.mark.parametrize(
    ("names", "layout"),
    [
        (["01_0014_i3d.npy", "01_0015_i3d.npy"], "npy"),
        (["Abuse028_x264__0.npy", "Abuse028_x264__1.npy"], "crops_in_files"),
        (["Abuse028_x264.npy", "Abuse028_x264__1.npy", "Abuse028_x264__2.npy"], "crops_in_files"),
        ([f"RGB/{XD}__0.npy", f"vggish/{XD}__vggish.npy"], "crops_and_audio"),
        (["Abuse028_x264.txt", "Arson001_x264.txt"], "c3d_text"),
        (["all_flows/Abuse/Abuse001.npy", "all_rgbs/Abuse/Abuse001.npy"], "rgb_and_flow"),
        (["v_a_flow.npy", "v_a_rgb.npy", "v_a_vggish.npy"], "named_parts"),
        (["a.npy"], "npy"),
    ],
)
def test_a_layout_is_known_by_the_names_of_files(names: list[str], layout: str) -> None:
    assert choose(names)[0] == layout


def test_a_layout_may_be_named(tmp_path: Path) -> None:
    crops(tmp_path, "a", [0])

    assert values(read(tmp_path, {"a__0": 48}, layout="npy"))["layout"] == "npy"
    with pytest.raises(BadInput, match="nonsense is not a known layout of features: c3d_text, "):
        read(tmp_path, {"a": 48}, layout="nonsense")


@pytest.mark.parametrize("names", [["door__1", "door__2"], ["goal_clip", "walk_clip"]])
def test_videos_may_be_called_as_crops_and_parts_are(tmp_path: Path, names: list[str]) -> None:
    for name in names:
        save(tmp_path, f"{name}.npy", np.ones((3, 4)))

    events = read(tmp_path, dict.fromkeys(names, 48))

    assert [each["video_id"] for each in of(events, "features")] == names
    assert values(events)["layout"] == "npy"


@pytest.mark.parametrize(
    "name", ["Abuse028_x264_i3d.npy", "UCF_Test_ten_crop_i3d/Abuse028_x264_i3d.npy"]
)
def test_endings_and_folders_of_extractors_are_not_of_the_video(tmp_path: Path, name: str) -> None:
    save(tmp_path, name, np.ones((3, 10, 8)))

    for video in ("test/Abuse028_x264", "Abuse028_x264", "Abuse028"):
        found = read(tmp_path, {video: 50})
        assert [each["video_id"] for each in of(found, "features")] == [video]
        assert (values(found)["n_crops"], values(found)["dimension"]) == (10, 8)


def test_a_folder_of_test_features_is_of_no_training_video(tmp_path: Path) -> None:
    save(tmp_path, "RGBTest/a.npy", np.ones((3, 4)))

    with pytest.raises(BadInput, match="None of the 1 files"):
        read(tmp_path, {"train/a": 48})


@pytest.mark.parametrize(
    ("file", "videos"),
    [
        ("rgb1/a.npy", ["rgb2/a", "rgb1/b"]),  # folders of videos that are called as features are
        ("1/12.npy", ["2/12"]),
        ("scene/a.npy", ["other/a"]),
    ],
)
def test_a_folder_never_means_another_one(tmp_path: Path, file: str, videos: list[str]) -> None:
    save(tmp_path, file, np.ones((3, 4)))

    with pytest.raises(BadInput, match="None of the 1 files"):
        read(tmp_path, dict.fromkeys(videos, 48))


def test_crops_in_files_stand_side_by_side(tmp_path: Path) -> None:
    crops(tmp_path, XD, range(1, 5))
    save(tmp_path, f"{XD}.npy", np.zeros((3, 4)))  # alone it is crop 0

    events = read(tmp_path, {XD: 50})

    [event] = of(events, "features")
    rows = rows_of(event, tmp_path, 50).rows
    assert rows.shape == (3, 5, 4)
    assert rows[1, :, 2].tolist() == [0, 1, 2, 3, 4]
    assert values(events) | {"health": {}} == {
        "layout": "crops_in_files", "n_crops": 5, "dimension": 4, "health": {},
    }  # fmt: skip


def test_joined_rows_are_mapped(tmp_path: Path) -> None:
    crops(tmp_path, "a", range(2), n_rows=600)

    [event] = of(read(tmp_path, {"a": 9600}), "features")

    rows = rows_of(event, tmp_path, 9600).rows
    assert isinstance(rows, np.memmap)
    assert (rows == np.arange(2)[:, None]).all()


def test_a_missing_and_an_extra_crop_are_told_by_name(tmp_path: Path) -> None:
    for name in ("a", "b"):
        crops(tmp_path, name, range(3))
    crops(tmp_path, "c", [0, 2])
    crops(tmp_path, "d", range(4))

    events = read(tmp_path, dict.fromkeys("abcd", 48))

    assert told(events)[:2] == [
        ("error", "c", "1 crop of its RGB missing: __1, where the other videos have 3"),
        ("error", "d",
         "d__3.npy would be crop 3, where the other videos have 3 crops, counted from 0"),
    ]  # fmt: skip
    assert [event["video_id"] for event in of(events, "features")] == ["a", "b"]


def test_crops_of_different_lengths(tmp_path: Path) -> None:
    crops(tmp_path, "a", range(2))
    save(tmp_path, "a__1.npy", np.ones((2, 4)))
    crops(tmp_path, "b", range(2))

    [first, *_rest] = told(read(tmp_path, {"a": 48, "b": 48}))

    assert first == ("error", "a", "a__1.npy has 2 rows of 4 numbers, and a__0.npy 3 of 4")


def test_flow_stands_after_rgb_and_may_be_a_row_shorter(tmp_path: Path) -> None:
    crops(tmp_path / "RGBTest", "a", range(2))
    crops(tmp_path / "FlowTest", "a", range(2), n_rows=2)

    events = read(tmp_path, {"test/a": 48})

    [event] = of(events, "features")
    assert event["n_rows"] == 2
    assert rows_of(event, tmp_path, 48).rows.shape == (2, 2, 8)


@pytest.mark.parametrize("n_sound", [3, 2])
def test_sound_is_paired_row_with_row(tmp_path: Path, n_sound: int) -> None:
    """Where it has one row less, the picture's last row is dropped."""
    crops(tmp_path / "RGB", XD, range(5))
    sound = np.arange(n_sound)[:, None] * np.ones(2)
    save(tmp_path, f"vggish/{XD}__vggish.npy", sound)

    events = read(tmp_path, {XD: 50}, fps=24.0)

    [event] = of(events, "features")
    rows = rows_of(event, tmp_path, 50).rows
    assert rows.shape == (n_sound, 5, 6)
    assert rows[:, 3, 4].tolist() == list(range(n_sound))
    assert values(events)["layout"] == "crops_and_audio"


def test_sound_is_paired_by_time(tmp_path: Path) -> None:
    """30 rows of 16 frames at 25 a second last 19.2 s: 20 rows of 0.96 s, of each the middle."""
    crops(tmp_path, "a", range(2), n_rows=30)
    save(tmp_path, "a__vggish.npy", np.arange(20)[:, None] * np.ones(2))

    events = read(tmp_path, {"a": 480}, fps=25.0)

    [event] = of(events, "features")
    heard = rows_of(event, tmp_path, 480).rows[:, 0, 4]
    middles = (np.arange(30) + 0.5) * 16 / 25
    assert heard.tolist() == np.floor(middles / 0.96).tolist()


def test_sound_that_no_rule_pairs(tmp_path: Path) -> None:
    crops(tmp_path, "a", range(2), n_rows=30)
    save(tmp_path, "a__vggish.npy", np.ones((9, 2)))
    crops(tmp_path, "b", range(2))
    save(tmp_path, "b__vggish.npy", np.ones((3, 2)))

    [first, *_rest] = told(read(tmp_path, {"a": 480, "b": 48}, fps=24.0))

    assert first == (
        "error", "a",
        "a__vggish.npy has 9 rows, and the picture 30: 30 or 29 would go row with row, 20 or 21 "
        "by time (20.0 s in rows of 0.96 s)",
    )  # fmt: skip


def test_a_video_without_sound(tmp_path: Path) -> None:
    for name in ("a", "b"):
        crops(tmp_path, name, range(2))
    save(tmp_path, "b__vggish.npy", np.ones((3, 2)))

    [first, *_rest] = told(read(tmp_path, {"a": 48, "b": 48}))

    assert first == ("error", "a", "it has no file of sound, which the other videos have")


def test_rgb_and_flow_of_two_trees(tmp_path: Path) -> None:
    for tree, number in (("all_rgbs", 1), ("all_flows", 2)):
        save(tmp_path, f"{tree}/Abuse/Abuse001_x264.npy", np.full((32, 4), number))

    for video in ("Abuse/Abuse001_x264", "train/Abuse001_x264"):
        [event] = of(read(tmp_path, {video: 960}), "features")
        rows = rows_of(event, tmp_path, 960).rows
        assert rows[0, 0].tolist() == [1, 1, 1, 1, 2, 2, 2, 2]
        assert event["row_length"] == 30.0


def test_a_tree_without_its_flow(tmp_path: Path) -> None:
    for name in ("all_rgbs/a.npy", "all_rgbs/b.npy", "all_flows/b.npy"):
        save(tmp_path, name, np.ones((32, 4)))

    [first, *_rest] = told(read(tmp_path, {"a": 640, "b": 640}))

    assert first == ("error", "a", "it has no file of flow, which the other videos have")


def lines(folder: Path, name: str, n_lines: int) -> None:
    np.savetxt(folder / name, np.random.default_rng(0).random((n_lines, 6)), fmt="%f")


def test_text_is_equal_parts_of_the_video(tmp_path: Path) -> None:
    lines(tmp_path, "a.txt", 32)

    [event] = of(read(tmp_path, {"a": 1000}), "features")

    features = rows_of(event, tmp_path, 1000)
    frames = features.scores(np.arange(32, dtype=np.float32)).to_frames(1000)
    assert frames.tolist() == (np.arange(1000) * 32 // 1000).tolist()


def test_text_of_other_than_32_lines(tmp_path: Path) -> None:
    lines(tmp_path, "a.txt", 31)
    lines(tmp_path, "b.txt", 32)

    [first, *_rest] = told(read(tmp_path, {"a": 1000, "b": 1000}))

    assert first[2].startswith("a.txt has 31 rows, where this layout always has 32: C3D as text")


def test_text_with_what_is_no_number(tmp_path: Path) -> None:
    rows = np.ones((32, 4))
    rows[7, 1] = np.nan  # as a zero segment divided by its norm
    np.savetxt(tmp_path / "a.txt", rows)
    lines(tmp_path, "b.txt", 32)

    [first, *_rest] = told(read(tmp_path, {"a": 1000, "b": 1000}))

    assert first[2] == "a.txt holds numbers that are not finite, the first in row 7"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("1 2\n3\n", "a.txt is no table of numbers: "),
        ("one two\n", "a.txt is no table of numbers: "),
        ("", "a.txt is no table of numbers: "),
    ],
)
def test_text_that_is_no_features(tmp_path: Path, text: str, sentence: str) -> None:
    (tmp_path / "a.txt").write_text(text)
    lines(tmp_path, "b.txt", 32)

    [first, *_rest] = told(read(tmp_path, {"a": 1000, "b": 1000}))

    assert first[2].startswith(sentence)


def test_named_parts_stand_one_after_another(tmp_path: Path) -> None:
    """As BMT's sample: picture, flow, and sound paired by time."""
    save(tmp_path, "v_a_rgb.npy", np.full((18, 4), 1))
    save(tmp_path, "v_a_flow.npy", np.full((18, 4), 2))
    save(tmp_path, "v_a_vggish.npy", np.full((18, 2), 3))

    [event] = of(
        read(tmp_path, {"v_a": 355}, fps=19.62, frames_per_row=24,
             provenance={"frame_rate": 25.0}),
        "features",
    )  # fmt: skip

    assert rows_of(event, tmp_path, 355).rows[0, 0].tolist() == [1] * 4 + [2] * 4 + [3] * 2
    assert event["row_length"] == pytest.approx(24 * 19.62 / 25)


def test_a_stated_rule_counts_instead_of_the_layouts(tmp_path: Path) -> None:
    save(tmp_path, "a.npy", np.ones((32, 4)))

    events = read(tmp_path, {"a": 960}, provenance={"snippet_rule": "equal_parts"})

    assert of(events, "features")[0]["row_length"] == 30.0
    assert values(events)["health"]["rules"] == {"equal_parts": 1}


def test_where_no_rule_fits_one_is_proposed(tmp_path: Path) -> None:
    save(tmp_path, "a.npy", np.ones((5, 4)))

    with pytest.raises(BadInput, match="All rows would be explained by frames_per_row 64"):
        read(tmp_path, {"a": 355})


REAL_ROWS = [
    ("r2plus1d18_16f", 22, 16, {}),
    ("r2plus1d34_32f", 11, 32, {}),
    ("r2plus1d34_8f", 44, 8, {}),
    ("i3d_rgb_stack64_step64", 5, 64, {}),
    ("i3d_flow_raft_stack64_step64", 5, 64, {}),
    ("i3d_rgb_stack24_step24_at25fps", 18, 24, {"frame_rate": 25.0}),
    ("i3d_flow_raft_stack24_step24_at25fps", 18, 24, {"frame_rate": 25.0}),
    ("resnet101_1fps", 18, 1, {"frame_rate": 1.0}),
    ("clip_vitb32_5fps", 90, 1, {"frame_rate": 5.0}),
    ("vggish", 18, 96, {"frame_rate": 100.0}),
]


@pytest.mark.parametrize(("name", "n_rows", "frames_per_row", "facts"), REAL_ROWS)
def test_rows_of_ten_extractors(
    shared_data: Path, name: str, n_rows: int, frames_per_row: int, facts: dict[str, float]
) -> None:
    """One video of 355 frames at 19.62 a second."""
    events: list[Event] = []
    videos = [{"id": name, "name": name, "n_frames": 355, "fps": 19.62}]
    folder = shared_data / "weak/one-video-many-extractors"

    spec = {"folder": str(folder), "videos": videos, "frames_per_row": frames_per_row}
    read_features(spec | {"layout": "npy", "provenance": facts}, Reporter(events.append))

    assert [event["n_rows"] for event in of(events, "features")] == [n_rows]
    assert [text for _level, _subject, text in told(events) if "rows" in text] == []


def test_real_c3d_text(shared_data: Path) -> None:
    names = ["Explosion025", "RoadAccidents002", "Shooting008", "Normal_Videos_024"]
    videos = dict.fromkeys([f"{name}_x264" for name in names], 3000)

    events = read(shared_data / "weak/c3d", videos, extractor="C3D")

    found = values(events)
    assert (found["layout"], found["n_crops"], found["dimension"]) == ("c3d_text", 1, 4096)
    assert found["health"]["lowest_norm"] == pytest.approx(1, abs=2e-6)
    assert found["health"]["highest_norm"] == pytest.approx(1, abs=2e-6)
    assert [text for _level, subject, text in told(events) if subject in ("norms", "signs")] == []


EQUAL_ROWS = [
    ("weak/c3d/RoadAccidents002", 12),
    ("weak/c3d/Explosion025", 3),
    ("weak/c3d/Shooting008", 0),
    ("weak/c3d/Normal_Videos_024", 0),
    ("ucf-crime/c3d_32seg_features/Normal_Videos_006", 5),
    ("ucf-crime/c3d_32seg_features/Explosion008", 0),
    ("ucf-crime/c3d_32seg_features/Shoplifting028", 0),
]


@pytest.mark.parametrize(("name", "n_equal"), EQUAL_ROWS)
def test_real_c3d_text_repeats_rows_of_short_videos(
    shared_data: Path, name: str, n_equal: int
) -> None:
    rows = read_array(shared_data / f"{name}_x264.txt")[:, 0]

    assert rows.shape == (32, 4096)
    assert np.linalg.norm(rows, axis=1) == pytest.approx(1, abs=2e-6)
    assert int((np.diff(rows, axis=0) == 0).all(axis=1).sum()) == n_equal
