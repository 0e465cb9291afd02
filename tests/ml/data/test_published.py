"""Folders of published features without their videos."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ml.data.listed import ListedVideo, Listing
from ml.data.published import list_folder
from ml.records import BadInput


def features(folder: Path, *names: str, n_rows: int = 3, crops: int = 0) -> None:
    shape = (n_rows, crops, 4) if crops else (n_rows, 4)
    for name in names:
        path = folder / f"{name}.npy"
        path.parent.mkdir(parents=True, exist_ok=True)
        np.save(path, np.ones(shape, np.float32))


def told(found: Listing) -> list[tuple[str, int | None, str, str]]:
    return [(each.name, each.n_frames, each.label, each.part) for each in found.videos]


def ucf(folder: Path) -> Path:
    """RTFM's layout, with lists as they are published: paths of another machine."""
    features(folder, "UCF_Train_ten_crop_i3d/Abuse001_x264_i3d", crops=10)
    features(folder, "UCF_Train_ten_crop_i3d/Normal_Videos001_x264_i3d", crops=10)
    features(folder, "UCF_Test_ten_crop_i3d/Abuse028_x264_i3d", n_rows=88, crops=10)
    features(folder, "UCF_Test_ten_crop_i3d/Normal_Videos_003_x264_i3d", n_rows=2, crops=10)
    (folder / "ucf-i3d.list").write_text(
        "G:\\UCF_Train_ten_crop_i3d\\Abuse001_x264_i3d.npy\n"
        "G:\\UCF_Train_ten_crop_i3d\\Normal_Videos001_x264_i3d.npy\n"
    )
    (folder / "ucf-i3d-test.list").write_text("G:\\UCF_Test_ten_crop_i3d\\Abuse028_x264_i3d.npy\n")
    return folder


def test_ucf_features_with_the_published_ground_truth(tmp_path: Path) -> None:
    folder = ucf(tmp_path)
    (folder / "Temporal_Anomaly_Annotation.txt").write_text(
        "Abuse028_x264.mp4\tAbuse\t165\t240\t-1\t-1\t1412\n"
        "Normal_Videos_003_x264.mp4\tNormal\t-1\t-1\t-1\t-1\t40\n"
    )
    np.save(folder / "gt-ucf.npy", np.zeros(32))

    found = list_folder(folder)

    assert told(found) == [
        ("Abuse001_x264", 48, "Abuse", "train"),
        ("Normal_Videos001_x264", 48, "normal", "train"),
        ("Abuse028_x264", 1412, "Abuse", "test"),
        ("Normal_Videos_003_x264", 40, "normal", "test"),
    ]
    assert found.annotation == "Temporal_Anomaly_Annotation.txt"
    said = {each.subject: each.text for each in found.findings}
    assert "gt-ucf.npy" in said["files"]
    assert said["frames"].startswith("2 videos: no list says how many frames; 16 for each row")
    assert set(said) == {"files", "frames"}


def test_lists_tell_the_parts_where_folders_do_not(tmp_path: Path) -> None:
    folder = ucf(tmp_path)
    one = folder / "i3d"
    one.mkdir()
    for path in [*folder.glob("UCF_*/*.npy")]:
        path.rename(one / path.name)

    found = list_folder(folder)

    parts = {each.name: each.part for each in found.videos}
    assert (parts["Abuse001_x264"], parts["Abuse028_x264"]) == ("train", "test")
    [lost] = [each.text for each in found.findings if each.subject == "parts"]
    assert "Normal_Videos_003_x264" in lost


def test_xd_features_with_crops_in_files_and_sound(tmp_path: Path) -> None:
    calm, riot = "A.Film__#00-25-20_00-29-20_label_A", "v=S-7rRLrxnVQ__#1_label_B4-0-0"
    for crop in range(5):
        features(tmp_path, f"RGB/{calm}__{crop}", f"RGBTest/{riot}__{crop}", n_rows=6)
    features(tmp_path, f"vggish/train/{calm}__vggish", f"vggish/test/{riot}__vggish", n_rows=5)
    (tmp_path / "annotations.txt").write_text(f"{riot} 0 15 40 60\n")
    (tmp_path / "rgb.list").write_text(f"/ssd/i3d-features/RGB/{calm}__0.npy\n")

    found = list_folder(tmp_path)

    assert told(found) == [(calm, 96, "normal", "train"), (riot, 96, "B4", "test")]
    assert found.annotation == "annotations.txt"


def test_shanghaitech_features_are_labelled_by_its_lists(tmp_path: Path) -> None:
    features(tmp_path, "SH_Train_ten_crop_i3d/01_0014_i3d", "SH_Train_ten_crop_i3d/01_002_i3d")
    features(tmp_path, "SH_Test_ten_crop_i3d/01_0015_i3d", n_rows=5)
    (tmp_path / "SH_Train_new.txt").write_text("01_0014,1\n01_002,0\n")
    (tmp_path / "SH_Test_NEW.txt").write_text("01_0015,1,-1\n")

    found = list_folder(tmp_path)

    assert told(found) == [
        ("01_0014", 48, "abnormal", "train"),
        ("01_002", 48, "normal", "train"),
        ("01_0015", 80, "abnormal", "test"),
    ]
    assert found.annotation == ""


def test_lists_may_name_videos_that_are_not_here(tmp_path: Path) -> None:
    folder = ucf(tmp_path)
    (folder / "Anomaly_Test.txt").write_text("Abuse/Abuse030_x264.mp4\n")

    [absent] = [each.text for each in list_folder(folder).findings if each.subject == "lists"]

    assert absent == "1 video of the lists without features: Abuse030_x264"


def test_what_cannot_be_used_is_refused_or_told(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"no file \.npy"):
        list_folder(tmp_path)
    np.save(tmp_path / "gt.npy", np.zeros(4))
    with pytest.raises(BadInput, match="holds rows of features"):
        list_folder(tmp_path)
    (tmp_path / "pickled.npy").write_bytes(b"\x80\x04.")
    features(tmp_path, "Abuse001_x264")
    (tmp_path / "notes.txt").write_text("made on a Tuesday, or so\n")

    found = list_folder(tmp_path)

    assert found.videos == [ListedVideo(name="Abuse001_x264", n_frames=48, label="Abuse")]
    said = {each.subject for each in found.findings}
    assert {"files", "notes.txt", "parts"} <= said


def test_text_features_do_not_say_how_long_videos_are(tmp_path: Path) -> None:
    rows = "\n".join([" ".join(["0.5"] * 8)] * 32)
    (tmp_path / "Abuse001_x264.txt").write_text(rows)

    with pytest.raises(BadInput, match="do not tell how long a video is"):
        list_folder(tmp_path)
