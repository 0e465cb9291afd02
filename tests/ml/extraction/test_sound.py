"""Rows of sound: of the right moments of the right file, for the same frames as the picture's."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from ml.cli import main
from ml.data.features import open_features
from ml.data.features.bundles import VideoNames, gather, layout_of
from ml.data.sound.log_mel import PATCH_SAMPLES, RATE, log_mel
from ml.extraction import create_extractor, extract, extract_all
from ml.extraction._sound import SoundExtractor, SoundOptions
from ml.models.backbones import vggish as backbone
from ml.models.backbones.vggish import VGGish
from ml.records import BadInput, FeatureRecord, Manifest, VideoRecord
from ml.reports import Event, Reporter, to_nobody
from tests import toys
from tests.sounding import record, video_with_sound

CPU = torch.device("cpu")
Sound = NDArray[np.float64]


class Bands(SoundExtractor):
    """How loud each band is in a patch."""

    title = summary = source = preprocessing = "bands"
    ending = "__vggish"
    dimension = 64

    def embeddings(self, patches: NDArray[np.float32]) -> NDArray[np.float32]:
        return patches.mean(1)


def bands(**options: Any) -> Bands:
    return Bands(CPU, SoundOptions(**options), None)


def noise(seconds: float) -> Sound:
    """Louder and louder, so that each moment is told from the others."""
    n = round(seconds * RATE)
    values = np.random.default_rng(n).uniform(-1, 1, n) * np.linspace(0.1, 0.9, n)
    return np.round(values * 2**15)[None] / 2**15


def rows_of(path: Path, video: VideoRecord, **rule: Any) -> tuple[NDArray[np.float32], list[str]]:
    told: list[str] = []
    extract(bands(), video, path, **rule, warn=told.append)
    return np.load(path)[:, 0], told


def around(sound: Sound, seconds: float) -> NDArray[np.float32]:
    """The mean of the bands in the 0.975 s around that moment, silence beyond the ends."""
    padded = np.pad(sound[0], (RATE, RATE)).astype(np.float32)
    first = round(seconds * RATE) - PATCH_SAMPLES // 2 + RATE
    return log_mel(padded[first : first + PATCH_SAMPLES]).mean(0)


@pytest.mark.parametrize(("fps", "frames_per_row"), [(25, 16), (10, 4), (30, 64)])
@pytest.mark.parametrize("sound_start", [0.0, 0.25])
def test_a_row_is_the_sound_around_the_middle_of_its_frames(
    tmp_path: Path, fps: int, frames_per_row: int, sound_start: float
) -> None:
    sound = noise(4)
    path = video_with_sound(tmp_path / "a.mov", sound, seconds=4, fps=fps, sound_start=sound_start)

    video = record(path, 4 * fps)
    found, told = rows_of(tmp_path / "a.npy", video, frames_per_row=frames_per_row)

    n_rows = 4 * fps // frames_per_row
    middles = (np.arange(n_rows) + 0.5) * frames_per_row / fps
    expected = np.stack([around(sound, middle - sound_start) for middle in middles])
    assert np.allclose(found, expected, atol=1e-4)
    assert told == []


def test_the_last_row_is_that_of_the_frames_that_are_left(tmp_path: Path) -> None:
    sound = noise(4)
    video = record(video_with_sound(tmp_path / "a.mov", sound, seconds=4), 100)

    dropped, _told = rows_of(tmp_path / "a.npy", video)
    kept, _told = rows_of(tmp_path / "b.npy", video, remainder="repeat")
    short, _told = rows_of(tmp_path / "c.npy", video, frames_per_row=1000)

    assert (len(dropped), len(kept), len(short)) == (6, 7, 1)
    assert np.allclose(kept[:6], dropped, atol=1e-6)
    assert np.allclose(kept[6], around(sound, (96 + 100) / 2 / 25), atol=1e-4)
    assert np.allclose(short[0], around(sound, 2.0), atol=1e-4)


def test_rows_follow_the_times_of_frames_where_these_are_uneven(tmp_path: Path) -> None:
    """Four frames in 0.4 s, a pause, four frames in 0.4 s: an index would say nothing of it."""
    sound = noise(4)
    times = [0.0, 0.1, 0.2, 0.3, 3.0, 3.1, 3.2, 3.3]
    path = video_with_sound(tmp_path / "a.mkv", sound, fps=10, times=times)

    found, _told = rows_of(tmp_path / "a.npy", record(path, 8), frames_per_row=4)

    assert np.allclose(found, [around(sound, 0.2), around(sound, 3.2)], atol=1e-4)


def test_sound_is_taken_from_where_the_first_picture_is_shown(tmp_path: Path) -> None:
    sound = noise(4)
    path = video_with_sound(tmp_path / "a.mkv", sound, seconds=2, start=1.5)

    found, _told = rows_of(tmp_path / "a.npy", record(path), frames_per_row=25)

    assert np.allclose(found, [around(sound, 2.0), around(sound, 3.0)], atol=1e-4)


SILENT = np.full(64, np.log(0.01), np.float32)


def test_silence_and_missing_ends_are_told(tmp_path: Path) -> None:
    silent = record(video_with_sound(tmp_path / "a.mov", np.zeros((1, 32000))))
    short = record(video_with_sound(tmp_path / "b.mov", noise(0.01)))

    rows, told = rows_of(tmp_path / "a.npy", silent)
    _rows, told_of_short = rows_of(tmp_path / "b.npy", short)

    assert np.allclose(rows, SILENT)
    assert told == ["its sound track is silent throughout"]
    assert told_of_short == ["it has sound for 0.01 of 2.25 s, the rest was taken as silence"]


def test_a_video_without_sound_is_refused_or_taken_for_a_silent_one(tmp_path: Path) -> None:
    video = record(toys.moving_square_video(tmp_path / "a.mp4", 35), 35)
    frames = toys.toy_frames(20)
    images = replace(video, path=str(toys.write_images(tmp_path / "i", frames)), kind="frames")
    told: list[str] = []

    with pytest.raises(BadInput, match=r"a\.mp4: it has no sound track"):
        rows_of(tmp_path / "a.npy", video)
    with pytest.raises(BadInput, match="i: images have no sound"):
        rows_of(tmp_path / "a.npy", replace(images, n_frames=20))
    assert not list(tmp_path.rglob("*.npy"))
    ears = bands(without_sound="silence")
    assert extract(ears, video, tmp_path / "a.npy", warn=told.append) == 2
    assert extract(ears, replace(images, n_frames=0), tmp_path / "i.npy", warn=told.append) == 1

    assert np.allclose(np.load(tmp_path / "a.npy"), SILENT)
    assert told == ["it has no sound track: taken as silence",
                    "images have no sound: taken as silence"]  # fmt: skip


def events_of(run: Any) -> tuple[Any, list[Event]]:
    events: list[Event] = []
    return run(Reporter(events.append)), events


def test_the_rest_goes_on_where_one_video_has_no_sound(tmp_path: Path) -> None:
    videos = [
        record(toys.moving_square_video(tmp_path / "v" / "a.mp4", 50)),
        record(video_with_sound(tmp_path / "v" / "b.mov", noise(2))),
    ]

    manifest, events = events_of(
        lambda reporter: extract_all(bands(), videos, tmp_path / "out", reporter)
    )

    [finding] = [event for event in events if event["event"] == "finding"]
    assert (finding["level"], finding["subject"]) == ("error", "v/a.mp4")
    assert "it has no sound track" in finding["text"]
    assert manifest.videos[0].features is None
    assert open_features(manifest.videos[1]).rows.shape == (3, 1, 64)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["b__vggish.npy"]


def with_picture(video: VideoRecord, folder: Path, n_rows: int, **fields: Any) -> VideoRecord:
    folder.mkdir(exist_ok=True)
    np.save(folder / "a.npy", np.ones((n_rows, 5, 3), np.float32))
    return replace(video, features=FeatureRecord(path=str(folder / "a.npy"), **fields))


@pytest.mark.parametrize("n_rows", [3, 4])
def test_sound_stands_after_features_of_the_picture(tmp_path: Path, n_rows: int) -> None:
    video = record(video_with_sound(tmp_path / "a.mov", noise(2)))
    video = with_picture(video, tmp_path / "out", n_rows)

    for _again in range(2):
        manifest = extract_all(bands(), [video], tmp_path / "out", to_nobody())
        [video] = manifest.videos

    rows = open_features(video).rows
    assert rows.shape == (3, 5, 67)
    assert (rows[..., :3] == 1).all()
    assert np.array_equal(rows[:, 4, 3:], np.load(tmp_path / "out" / "a__vggish.npy")[:, 0])


@pytest.mark.parametrize(
    ("n_rows", "fields", "sentence"),
    [(3, {"frames_per_row": 8}, "rows are not made of 16 frames each"),
     (3, {"row_length": 16.5}, "rows are not made of 16 frames each"),
     (3, {"first_frame": 2}, "rows are not made of 16 frames each"),
     (9, {}, "a__vggish.npy has 3 rows, and the picture 9")],
)  # fmt: skip
def test_sound_of_other_rows_than_the_pictures_is_refused(
    tmp_path: Path, n_rows: int, fields: dict[str, Any], sentence: str
) -> None:
    video = record(video_with_sound(tmp_path / "a.mov", noise(2)))
    video = with_picture(video, tmp_path / "out", n_rows, **fields)

    manifest, events = events_of(
        lambda reporter: extract_all(bands(), [video], tmp_path / "out", reporter)
    )

    assert manifest.videos[0].features is None
    assert sentence in next(event["text"] for event in events if event["event"] == "finding")


@pytest.mark.parametrize(("remainder", "n_rows"), [("drop", 4), ("repeat", 5)])
def test_rows_of_its_own_follow_each_other(tmp_path: Path, remainder: Any, n_rows: int) -> None:
    sound = noise(5)
    video = record(video_with_sound(tmp_path / "a.mov", sound, seconds=4, fps=10), 40)

    manifest = extract_all(
        bands(rows="own"), [video], tmp_path / "out", to_nobody(), remainder=remainder
    )

    rows, features = open_features(manifest.videos[0]).rows[:, 0], manifest.videos[0].features
    expected = [log_mel(sound[0, first:][:PATCH_SAMPLES].astype(np.float32)).mean(0)
                for first in range(0, n_rows * 15_360, 15_360)]  # fmt: skip
    assert np.allclose(rows, expected, atol=1e-4)
    assert features is not None
    assert features.row_length == pytest.approx(9.6)


def test_rows_of_its_own_pair_with_the_pictures_by_time(tmp_path: Path) -> None:
    video = record(video_with_sound(tmp_path / "a.mov", noise(4), seconds=4), 100)
    video = with_picture(video, tmp_path / "out", 6)

    manifest = extract_all(bands(rows="own"), [video], tmp_path / "out", to_nobody())

    own = np.load(tmp_path / "out" / "a__vggish.npy")[:, 0]
    rows = open_features(manifest.videos[0]).rows[:, 0, 3:]
    heard = np.floor((np.arange(6) + 0.5) * 16 / 25 / 0.96).astype(int)
    assert len(own) == 4
    assert np.array_equal(rows, own[heard])


def test_rows_of_its_own_are_refused_where_they_belong_to_no_frames(tmp_path: Path) -> None:
    times = [0.0, 0.1, 0.2, 0.3, 3.0, 3.1, 3.2, 3.3]
    uneven = record(video_with_sound(tmp_path / "a.mkv", noise(4), fps=10, times=times), 8)

    manifest, events = events_of(
        lambda reporter: extract_all(bands(rows="own"), [uneven], tmp_path / "out", reporter)
    )
    with pytest.raises(BadInput, match=r"a row of each 0\.96 s and not of 16 frames"):
        extract(bands(rows="own"), uneven, tmp_path / "a.npy")

    assert manifest.videos[0].features is None
    [finding] = [event for event in events if event["event"] == "finding"]
    assert "its frames come unevenly" in finding["text"]
    assert not list(tmp_path.rglob("*.npy"))


def test_the_names_of_its_files_are_known_as_sound() -> None:
    videos = VideoNames(["a", "b"])
    beside = ["a.npy", "a__vggish.npy", "b.npy", "b__vggish.npy"]
    for names, layout, parts in (
        (beside, "crops_and_audio", ("rgb", "audio")),
        ([f"{'s' if '__' in name else 'p'}/{name}" for name in beside], "crops_and_audio",
         ("rgb", "audio")),
        (["a__vggish.npy", "b__vggish.npy"], "named_parts", ("audio",)),
    ):  # fmt: skip
        name, found = layout_of(names, videos)
        bundles = gather(found, names, videos)

        assert name == layout
        assert bundles.parts == parts
        assert sorted(bundles.by_video) == ["a", "b"]


def test_vggish_has_the_published_tensors() -> None:
    with torch.device("meta"):
        state = VGGish().state_dict()

    assert len(state) == 18
    assert sum(each.numel() for each in state.values()) == 72_141_184
    assert state["features.13.weight"].shape == (512, 512, 3, 3)
    assert state["embeddings.0.weight"].shape == (4096, 512 * 6 * 4)
    assert state["embeddings.4.weight"].shape == (128, 4096)


@pytest.fixture
def weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Of a network as wide as a few numbers."""
    monkeypatch.setattr(backbone, "WIDTHS", ((2,), (3,), (2, 3), (2, 3)))
    monkeypatch.setattr(backbone, "HIDDEN", 5)
    torch.manual_seed(1)
    path = tmp_path / "vggish.pth"
    state = VGGish().state_dict()
    torch.save(state | {"classifier.0.weight": torch.zeros(1)}, path)
    return path


def convolved(values: Sound, weight: Sound, bias: Sound) -> Sound:
    """(O, H, W) of (C, H, W), none below 0."""
    padded = np.pad(values, [(0, 0), (1, 1), (1, 1)])
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), (1, 2))
    summed = np.einsum("chwyx,ocyx->ohw", windows, weight) + bias[:, None, None]
    return np.asarray(np.maximum(0, summed))


def vggish_by_hand(patch: Sound, state: dict[str, Sound]) -> Sound:
    values = patch[None]
    for layer, is_last in ((0, True), (3, True), (6, False), (8, True), (11, False), (13, True)):
        values = convolved(values, *(state[f"features.{layer}.{e}"] for e in ("weight", "bias")))
        if is_last:
            _, height, width = values.shape
            values = values.reshape(-1, height // 2, 2, width // 2, 2).max((2, 4))
    numbers = values.transpose(1, 2, 0).ravel()
    for layer in (0, 2, 4):
        weight, bias = (state[f"embeddings.{layer}.{each}"] for each in ("weight", "bias"))
        numbers = np.maximum(0, weight @ numbers + bias)
    return numbers


def test_vggish_is_that_of_the_definition(weights: Path) -> None:
    extractor: Any = create_extractor("vggish", {}, CPU, weights)
    patches = np.random.default_rng(0).normal(size=(3, 96, 64)).astype(np.float32)
    state = {name: each.double().numpy() for name, each in extractor.network.state_dict().items()}

    found = extractor.embeddings(patches)

    expected = [vggish_by_hand(patch.astype(np.float64), state) for patch in patches]
    assert found.shape == (3, 128)
    assert np.allclose(found, expected, atol=1e-5)
    assert np.ptp(found[0]) > 0


def test_sound_on_the_command_line(
    tmp_path: Path, weights: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Into the folder of the picture's features, which stay as they are."""
    videos = tuple(
        record(video_with_sound(tmp_path / "v" / f"{name}.mov", noise(2))) for name in "ab"
    )
    Manifest(videos=videos).save(tmp_path / "m.json")
    out = tmp_path / "out"
    ask = ["extract", "--threads", "1", "--out", str(out), "--manifest"]
    listen = ["--extractor", "vggish", "--weights", str(weights)]

    assert main([*ask, str(tmp_path / "m.json")]) == 0
    assert main([*ask, str(out / "manifest.json"), *listen]) == 0

    names = sorted(path.name for path in out.iterdir())
    assert names == [
        "a.npy", "a__vggish.npy", "b.npy", "b__vggish.npy", "extraction.json",
        "extraction__vggish.json", "manifest.json", "manifest__vggish.json",
    ]  # fmt: skip
    made = Manifest.load(out / "manifest__vggish.json")
    assert [open_features(video).rows.shape for video in made.videos] == [(3, 1, 528)] * 2
    assert json.loads((out / "extraction__vggish.json").read_text())["dimension"] == 128
    assert main([*ask, str(out / "manifest.json"), *listen, "--frames-per-row", "8"]) == 1
    assert "made otherwise (frames_per_row)" in capsys.readouterr().err

    mute = record(toys.moving_square_video(tmp_path / "v" / "c.mp4", 50))
    Manifest(videos=(*videos, mute)).save(tmp_path / "m.json")
    assert main([*ask, str(tmp_path / "m.json"), *listen]) == 1
    assert "1 video of 3 got no features: v/c.mp4" in capsys.readouterr().err
