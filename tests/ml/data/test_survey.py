import json
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from ml import cli
from ml.data.survey import survey, survey_to_manifest
from ml.data.truth.resolving import GroundTruth, resolve_ground_truth
from ml.data.video.decode import decode
from ml.records import BadInput, Manifest
from ml.reports import Event, Reporter, to_nobody
from tests import hostile, toys
from tests.disks import open_files


def surveyed(folder: Path, **spec: Any) -> dict[str, list[Event]]:
    """All events by their name, after a trip through JSON as in a pipe."""
    events: dict[str, list[Event]] = {}

    def note(event: Event) -> None:
        copy = json.loads(json.dumps(event, allow_nan=False))
        events.setdefault(copy.pop("event"), []).append(copy)

    out_dir = folder.parent / "out"
    survey({"folder": str(folder), "out_dir": str(out_dir)} | spec, Reporter(note))
    return events


def sentences(events: dict[str, list[Event]]) -> list[tuple[str, str, str]]:
    return [(one["level"], one["subject"], one["text"]) for one in events.get("finding", [])]


def manifest(folder: Path, *videos: dict[str, Any]) -> None:
    (folder / "manifest.json").write_text(json.dumps({"videos": videos}))


def test_survey_sends_facts_files_truth_and_result(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    toys.moving_square_video(folder / "train" / "a.mp4", 12)
    toys.write_images(folder / "test" / "b", toys.toy_frames(11))
    manifest(folder, {"name": "train/a"}, {"name": "test/b", "fps": 5, "intervals": [[3, 8]]})

    events = surveyed(folder)

    image_sequence, video = events["video"]
    assert (video["name"], video["status"], video["n_frames"]) == ("train/a", "ready", 12)
    assert np.load(video["pts"]) == pytest.approx(np.arange(12) / 10)
    assert (image_sequence["kind"], image_sequence["fps"]) == ("frames", pytest.approx(5))
    for kind in ("proxy", "poster", "contact_sheet"):
        assert Path(image_sequence[kind]).is_file()
    assert events["annotations"] == [
        {"source": "manifest.json", "intervals": {"test/b": [[3, 8, ""]], "train/a": []}}
    ]
    assert events["result"] == [{"values": {"format": "folder"}}]
    assert sentences(events) == []
    assert events["progress"][-1]["done"] == events["progress"][-1]["total"] == 2


def test_survey_rejects_bad_files_and_goes_on(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    target = toys.moving_square_video(folder / "train" / "good.mp4", 12)
    hostile.empty(folder / "empty.mp4")
    hostile.text(folder / "text.avi")
    hostile.only_sound(folder / "sound.mp4")
    hostile.cut_off(folder / "cut.mp4")
    hostile.playlist(folder / "list.m3u8", target=target)
    hostile.playlist(folder / "list.mp4", target=target)

    events = surveyed(folder)

    reasons = {one["name"]: one["reason"] for one in events["video"]}
    assert reasons.pop("train/good") == ""
    assert {name: reason.split(":")[0] for name, reason in reasons.items()} == {
        "cut": "the file is cut off",
        "empty": "the file is empty",
        "list.m3u8": "the file is a playlist that points at other files, not a video",
        "list.mp4": "the file is a playlist that points at other files, not a video",
        "sound": "the file has no video in it, only sound",
        "text": "the file is text, not a video",
    }
    rejected = [one for one in events["video"] if one["status"] == "rejected"]
    assert {one["n_frames"] for one in rejected} == {0}
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["000006"]


def test_survey_odd_but_sound_videos_are_ready(tmp_path: Path) -> None:
    folder = tmp_path / "data" / "train"
    toys.moving_square_video(folder / "rotated.mp4", 6, rotation=90)
    toys.moving_square_video(folder / "vfr.mp4", 6, pts_milliseconds=[0, 40, 80, 500, 540, 2000])
    hostile.cut_by_edit_list(folder / "edit.mp4", n_frames=40, n_hidden=12)

    events = surveyed(folder.parent)

    found = {one["name"].removeprefix("train/"): one for one in events["video"]}
    assert (found["rotated"]["width"], found["rotated"]["rotation"]) == (48, 90)
    assert found["vfr"]["is_variable_rate"]
    assert found["edit"]["n_frames"] == 28
    assert {one["reason"] for one in found.values()} == {""}


def test_survey_holds_no_file_of_times_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, seen = tmp_path / "data", []
    toys.moving_square_video(folder / "train" / "a.mp4", 4)

    def looked(*given: Any) -> GroundTruth:
        seen.append(open_files(tmp_path))
        return resolve_ground_truth(*given)

    monkeypatch.setattr("ml.data.survey.resolve_ground_truth", looked)
    surveyed(folder)

    assert seen == [[]]


def test_survey_without_normal_training_videos(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    toys.moving_square_video(folder / "train" / "a.mp4", 4)
    manifest(folder, {"name": "train/a", "label": "fighting"})

    assert sentences(surveyed(folder)) == [
        (
            "warning",
            "training",
            "no normal training video: methods that learn what is normal cannot be trained",
        )
    ]


def test_survey_names_videos_that_do_not_count_as_normal(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    for number, name in enumerate(("train/a", "train/b", "val/c", "test/d")):
        toys.moving_square_video(folder / f"{name}.mp4", 6, start=9 * number)
    spans = {"intervals": [[2, 4]]}
    manifest(
        folder, {"name": "train/a"}, *({"name": n} | spans for n in ("train/b", "val/c", "test/d"))
    )

    events = surveyed(folder)

    assert sentences(events) == [
        ("info", "training", "abnormal in part, so not learnt from as normal: 1 video: train/b"),
        ("info", "validation", "abnormal in part, so not learnt from as normal: 1 video: val/c"),
    ]
    intervals = events["annotations"][0]["intervals"]
    assert {name for name in intervals if intervals[name]} == {"train/b", "val/c", "test/d"}


def test_survey_whose_training_videos_are_all_abnormal(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    toys.moving_square_video(folder / "train" / "a.mp4", 6)
    manifest(folder, {"name": "train/a", "intervals": [[2, 4]]})

    assert [(level, subject) for level, subject, _text in sentences(surveyed(folder))] == [
        ("info", "training"),
        ("warning", "training"),
    ]


def test_survey_same_file_in_train_and_test(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    video = toys.moving_square_video(folder / "train" / "a.mp4", 4)
    (folder / "test").mkdir()
    for copy in ("train/b.mp4", "test/c.mp4"):
        shutil.copy(video, folder / copy)

    found = [one for one in sentences(surveyed(folder)) if "same content" in one[2]]

    assert [(level, subject) for level, subject, _ in found] == [
        ("error", "train/a"),
        ("error", "train/b"),
    ]
    assert "as test/c, and one is in test, the other in train" in found[0][2]


def test_survey_warnings_of_the_decoder_become_findings(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    toys.moving_square_video(folder / "train" / "a.avi", 12)  # AVI cannot hold B-frames' times

    found = sentences(surveyed(folder))

    assert ("warning", "train/a") in [(level, subject) for level, subject, _ in found]


def test_survey_gives_a_file_no_more_than_the_limits(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    toys.moving_square_video(folder / "a.mp4", 12)

    (video,) = surveyed(folder, limits={"memory_bytes": 10**8})["video"]

    assert (video["status"], video["reason"]) == ("rejected", "reading it needs more than 0.1 GB")


def test_survey_of_nothing_is_bad_input(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="does not exist on the machine that imports"):
        surveyed(tmp_path / "data")

    (tmp_path / "data").mkdir()
    with pytest.raises(BadInput, match="no video and no folder of images was found"):
        surveyed(tmp_path / "data")


def test_survey_to_manifest_can_be_loaded_and_decoded(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    toys.moving_square_video(folder / "train" / "a.mp4", 12, rotation=90)
    hostile.text(folder / "train" / "b.mp4")
    toys.write_images(folder / "test" / "c", toys.toy_frames(11))
    manifest(folder, {"name": "train/a"}, {"name": "test/c", "intervals": [[3, 8, "bag"]]})

    survey_to_manifest(folder, tmp_path / "out", to_nobody()).save(tmp_path / "manifest.json")

    (test,) = Manifest.load(tmp_path / "manifest.json").part("test")
    (train,) = Manifest.load(tmp_path / "manifest.json").part("train")
    assert [len(list(decode(video))) for video in (train, test)] == [12, 11]
    assert (train.rotation, test.intervals[0].end_frame, test.intervals[0].label) == (90, 8, "bag")


def test_cli_survey_writes_a_manifest(tmp_path: Path) -> None:
    toys.moving_square_video(tmp_path / "data" / "train" / "a.mp4", 12)

    assert cli.main(["survey", str(tmp_path / "data"), "--out", str(tmp_path / "out")]) == 0

    (video,) = Manifest.load(tmp_path / "out" / "manifest.json").videos
    assert (video.id, video.n_frames) == ("train/a", 12)


def test_cli_probe_prints_facts_and_draws_a_sheet(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    video = toys.moving_square_video(tmp_path / "a.mp4", 12)
    sheet = tmp_path / "sheet.jpg"

    assert cli.main(["probe", str(video), "--contact-sheet", str(sheet)]) == 0

    assert json.loads(capsys.readouterr().out)["n_frames"] == 12
    assert sheet.stat().st_size > 0


def test_cli_probe_of_text_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["probe", str(hostile.text(tmp_path / "a.mp4"))]) == 2
    assert capsys.readouterr().err == "the file is text, not a video\n"


def write_deep(folder: Path, low: int, high: int) -> None:
    folder.mkdir(parents=True)
    for index in range(4):
        values = np.linspace(low, high, 24 * 32).astype(np.uint16).reshape(24, 32)
        Image.fromarray(np.roll(values, index, axis=1)).save(folder / f"{index}.png")


def test_survey_gives_all_deep_videos_one_scale(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    write_deep(folder / "train" / "a", 51_241, 51_900)
    write_deep(folder / "test" / "b", 51_600, 52_181)
    toys.moving_square_video(folder / "test" / "c.mp4", 6)

    events = surveyed(folder)

    scales = {one["name"]: (one["pixel_low"], one["pixel_high"]) for one in events["video"]}
    assert scales == {
        "test/c": (0, 0),
        "train/a": (51_241, 52_181),
        "test/b": (51_241, 52_181),
    }
    assert (
        "info",
        "pixels",
        "pixels of more than 8 bits in 2 videos (test/b, train/a): black is 51241, white is 52181, "
        "evenly in between",
    ) in sentences(events)
    assert events["progress"][-1]["done"] == events["progress"][-1]["total"] == 3


def test_survey_manifest_carries_the_scale_to_jobs(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    write_deep(folder / "train" / "a", 1000, 4095)

    made = survey_to_manifest(folder, tmp_path / "out", to_nobody())
    made.save(tmp_path / "manifest.json")

    (video,) = Manifest.load(tmp_path / "manifest.json").videos
    frame = next(decode(video, grey=True))
    assert (frame.min(), frame.max()) == (0, 255)


def test_survey_warns_of_a_dead_pixel_and_of_a_video_with_few_levels(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    for name, white in (("train/a", 30_000), ("test/b", 20_400)):
        (folder / name).mkdir(parents=True)
        values = np.full((48, 32), 20_000, np.uint16)
        values[24:] = white
        values[0, 0] = 65_535 if name == "train/a" else 20_000
        Image.fromarray(values).save(folder / name / "1.png")

    found = sentences(surveyed(folder))

    assert (
        "warning",
        "pixels",
        "pixels of more than 8 bits in 2 videos (test/b, train/a): black is 20000, white is 30000, "
        "evenly in between; their values go from 20000 to 65535, but few are outside, and are cut "
        "off",
    ) in found
    assert (
        "warning",
        "test/b",
        "its pixels use 11 of the 256 levels that the dataset's scale gives",
    ) in found


def frame_folder(folder: Path, names: Iterable[str]) -> None:
    folder.mkdir(parents=True)
    for index, name in enumerate(names):
        Image.new("RGB", (48, 32), (index * 2 % 256, index * 5 % 256, 100)).save(folder / name)


def test_survey_of_folders_as_people_have_them(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    names = [f"{index:04}.jpg" for index in range(20)]
    frame_folder(folder / "train" / "a", [*names, "cover.png"])
    frame_folder(folder / "test" / "gap", [name for name in names if name != "0007.jpg"])
    frame_folder(folder / "test" / "said", [name for name in names if name != "0007.jpg"])
    manifest(
        folder,
        {"name": "train/a", "label": "normal"},
        {"name": "test/gap"},
        {"name": "test/said", "frame_numbers": "order"},
    )

    events = surveyed(folder)

    found = {one["name"]: one for one in events["video"]}
    assert found["train/a"]["n_frames"] == 20
    fault = found["test/gap"]["numbering_fault"]
    assert fault.startswith("1 number is missing (7), so that frame 7 is the picture 0008.jpg")
    assert found["test/said"]["numbering_fault"] == found["train/a"]["numbering_fault"] == ""
    assert ("error", "test/gap", fault) in sentences(events)
    assert ("warning", "train/a") in [one[:2] for one in sentences(events)]
    assert ("info", "test/said") in [one[:2] for one in sentences(events)]


def test_survey_takes_the_word_for_all_folders(tmp_path: Path) -> None:
    frame_folder(tmp_path / "data" / "train" / "a", ["1.png", "3.png", "4.png"])

    (video,) = surveyed(tmp_path / "data", frame_numbers="order")["video"]

    assert (video["numbering_fault"], video["n_frames"]) == ("", 3)


def test_survey_one_video_at_a_time_gives_the_same(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    for index in range(3):
        toys.moving_square_video(folder / "train" / f"{index}.mp4", 6, start=9 * index)

    at_once, in_turn = (
        surveyed(folder, n_at_once=n, out_dir=str(tmp_path / f"out{n}"))["video"] for n in (2, 1)
    )

    def facts(events: list[Event]) -> list[Event]:
        paths = ("pts", "proxy", "poster", "contact_sheet")
        return [{key: value for key, value in one.items() if key not in paths} for one in events]

    assert facts(at_once) == facts(in_turn)


def test_survey_of_nothing_says_what_is_there_instead(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "clips.zip").touch()

    with pytest.raises(BadInput, match=r"found in .*; 1 file ending in \.zip \(clips\.zip\)"):
        surveyed(tmp_path / "data")


@pytest.mark.shared_data
def test_survey_of_real_clips_finds_the_true_counts(shared_data: Path, tmp_path: Path) -> None:
    folder = tmp_path / "data"
    shutil.copytree(shared_data / "ped2" / "gt", folder / "gt")
    (folder / "testing").mkdir()
    for name in ("03.mp4", "09.mp4"):
        shutil.copy(shared_data / "ped2" / "testing" / name, folder / "testing" / name)

    events = surveyed(folder)

    assert events["result"] == [{"values": {"format": "ucsd"}}]
    assert {one["name"]: one["n_frames"] for one in events["video"]} == {
        "testing/03": 150,
        "testing/09": 120,
    }
    assert events["annotations"][0]["intervals"] == {
        "testing/03": [[0, 146, ""]],
        "testing/09": [[0, 120, ""]],
    }
