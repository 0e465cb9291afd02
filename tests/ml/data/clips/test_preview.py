"""The picture of what a network will see of a clip."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from ml import verbs
from ml.data.clips.modalities import MODALITIES
from ml.data.clips.preview import PreviewOptions, options_of, preview
from ml.methods.ts_3dcnn import TS3DCNN
from ml.records import BadInput, Box, VideoRecord, VideoRegion
from ml.registry import as_json
from ml.reports import Event, Reporter
from tests.toys import moving_square_video

OPTIONS = PreviewOptions(picture_size=32, clip_length=4, frame_rate=0)


@pytest.fixture
def video(tmp_path: Path) -> VideoRecord:
    path = moving_square_video(tmp_path / "a.mp4", 20)
    return VideoRecord(id="a", path=str(path), n_frames=20)


def test_rows_are_modalities_and_columns_pictures(video: VideoRecord) -> None:
    clip = VideoRegion(start_frame=4, end_frame=12, box=Box(left=0, top=8, width=40, height=40))

    sheet, names, moments = preview(video, clip, OPTIONS)

    assert names == ("rgb", "rgb_difference", "flow")
    assert sheet.shape == (3 * 32, 4 * 32, 3)
    assert moments.before.tolist() == [4, 6, 8, 10]
    pictures = np.stack(np.split(sheet[:32], 4, axis=1))
    for row, name in enumerate(names):
        seen = MODALITIES.find(name).by(OPTIONS).of(pictures)
        assert (sheet[32 * row : 32 * (row + 1)] == np.concatenate(list(seen), axis=1)).all()


def test_contrast_is_evened_in_the_luminance_after_the_resize(video: VideoRecord) -> None:
    clip = VideoRegion(start_frame=4, end_frame=12)
    plain, _names, _moments = preview(video, clip, OPTIONS)
    even, _names, _moments = preview(video, clip, replace(OPTIONS, contrast="clahe"))

    lab = cv2.cvtColor(np.ascontiguousarray(plain[:32, :32]), cv2.COLOR_RGB2LAB)
    lab[..., 0] = cv2.createCLAHE(2.0, (8, 8)).apply(np.ascontiguousarray(lab[..., 0]))
    assert (even[:32, :32] == cv2.cvtColor(lab, cv2.COLOR_LAB2RGB)).all()
    assert (even[:32, :32] != plain[:32, :32]).any()


def test_options_are_those_of_a_methods_config() -> None:
    config = as_json(TS3DCNN.tiny)

    options = options_of(config)

    assert (options.picture_size, options.clip_length) == (16, 4)
    assert options_of({}) == PreviewOptions()
    with pytest.raises(BadInput, match="picture_size"):
        options_of({"picture_size": 1})


@pytest.mark.parametrize(
    ("clip", "sentence"),
    [
        (VideoRegion(start_frame=4, end_frame=30), "ends past the last of 20 frames"),
        (VideoRegion(start_frame=0, end_frame=5, box=Box(left=60, top=0, width=9, height=9)),
         "a box up to"),
    ],
)  # fmt: skip
def test_a_clip_outside_its_video(video: VideoRecord, clip: VideoRegion, sentence: str) -> None:
    with pytest.raises(BadInput, match=sentence):
        preview(video, clip, OPTIONS)


def test_the_verb_writes_the_picture(video: VideoRecord, tmp_path: Path) -> None:
    told: list[Event] = []
    spec = {
        "video": vars(video), "clip": {"start_frame": 0, "end_frame": 20, "box": None},
        "options": {"picture_size": 32, "clip_length": 4, "frame_rate": 15, "widths": [1]},
        "out_dir": str(tmp_path / "out"),
    }  # fmt: skip

    verbs.find("preview")(spec, Reporter(told.append))

    made = told[0]
    assert made["rows"] == ["RGB", "RGB difference", "Optical flow"]
    assert made["n_frames"] == 30
    assert made["frames"] == pytest.approx([0, 4.667, 10, 14.667], abs=0.01)
    assert cv2.imread(made["path"]).shape == (96, 128, 3)
