"""From pixels to features: segments, crops, the extractors, and whole videos."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from ml.cli import main
from ml.data.features import open_features
from ml.extraction import EXTRACTORS, Extractor, create_extractor, describe, extract, extract_all
from ml.extraction._base import NoOptions, PictureExtractor
from ml.extraction.crops import N_CROPS, crops_of
from ml.extraction.flow_gradients import histograms, pairs
from ml.extraction.segments import n_rows, segments
from ml.records import BadInput, Manifest, VideoRecord
from ml.reports import to_nobody
from tests import toys

CPU = torch.device("cpu")


def numbered(n_frames: int) -> Iterator[NDArray[np.uint8]]:
    return (np.full((2, 3), number, np.uint8) for number in range(n_frames))


@pytest.mark.parametrize(
    ("n_frames", "dropped", "repeated"),
    [(32, 2, 2), (33, 2, 3), (47, 2, 3), (16, 1, 1), (15, 1, 1), (1, 1, 1)],
)
def test_a_video_is_cut_into_segments(n_frames: int, dropped: int, repeated: int) -> None:
    for remainder, expected in (("drop", dropped), ("repeat", repeated)):
        cut = list(segments(numbered(n_frames), 16, remainder=remainder))  # type: ignore[arg-type]

        assert len(cut) == n_rows(n_frames, 16, remainder=remainder) == expected  # type: ignore[arg-type]
        flat = np.concatenate(cut)[:, 0, 0].tolist()
        assert flat[:n_frames] == list(range(min(n_frames, 16 * expected)))
        assert set(flat[n_frames:]) <= {n_frames - 1}


def test_segments_hold_no_more_frames_than_one_of_them() -> None:
    seen = []

    def frames() -> Iterator[NDArray[np.uint8]]:
        for number, frame in enumerate(numbered(64)):
            seen.append(number)
            yield frame

    next(segments(frames(), 16))

    assert seen == list(range(16))


def test_ten_crops_come_in_torchvisions_order_and_copy_nothing() -> None:
    pictures = np.arange(7 * 10, dtype=np.uint8).reshape(1, 7, 10)

    ten = crops_of(pictures, 4, "ten")

    mirrored = pictures[:, :, ::-1]
    expected = [
        each[:, rows, columns]
        for each in (pictures, mirrored)
        for rows, columns in (
            (slice(0, 4), slice(0, 4)), (slice(0, 4), slice(6, 10)), (slice(3, 7), slice(0, 4)),
            (slice(3, 7), slice(6, 10)), (slice(2, 6), slice(3, 7)),
        )
    ]  # fmt: skip
    assert len(ten) == N_CROPS["ten"]
    assert all(np.array_equal(one, other) for one, other in zip(ten, expected, strict=True))
    assert all(np.shares_memory(each, pictures) for each in ten)


def test_five_crops_are_the_first_of_ten_and_the_centre_is_the_fifth() -> None:
    pictures = np.random.default_rng(0).integers(0, 255, (2, 8, 9, 3), np.uint8)
    ten = crops_of(pictures, 5, "ten")

    assert all(
        np.array_equal(one, other)
        for one, other in zip(crops_of(pictures, 5, "five"), ten[:5], strict=True)
    )
    assert np.array_equal(crops_of(pictures, 5, "centre")[0], ten[4])


def histograms_by_hand(x: Any, y: Any) -> NDArray[np.float64]:
    found = np.zeros((16, 8))
    side = len(x) // 4
    for row in range(len(x)):
        for column in range(len(x)):
            angle = np.degrees(np.arctan2(y[row, column], x[row, column])) % 360
            cell = (row // side) * 4 + column // side
            found[cell, int(angle // 45)] += np.hypot(x[row, column], y[row, column])
    return found / side**2


def test_vectors_are_counted_by_cell_and_direction_with_their_length() -> None:
    x, y = np.random.default_rng(1).normal(size=(2, 8, 8)).astype(np.float32)

    assert np.allclose(histograms(x, y), histograms_by_hand(x, y), atol=1e-6)


def moving(step: int) -> NDArray[np.uint8]:
    """A grainy block that moves to the right over grey, in the lower left quarter."""
    frames = np.full((16, 128, 128), 100, np.uint8)
    grain = np.random.default_rng(2).integers(0, 255, (24, 24))
    for number, frame in enumerate(frames):
        left = 4 + number * step
        frame[80:104, left : left + 24] = grain
    return frames


def test_motion_stands_in_its_cell_and_direction() -> None:
    extractor = create_extractor("flow_gradients", {}, CPU)

    numbers = extractor.features(moving(2))[0].reshape(-1)

    by_cell = numbers[:].reshape(16, 25)
    assert extractor.shape == (1, 400)
    assert by_cell[:, :8].sum(1).argmax() in (8, 9, 12, 13)
    assert by_cell[[8, 9, 12, 13], :8].sum(0).argmax() in (0, 7)
    assert 1 < by_cell[:, 16].max() < 4
    assert np.isfinite(numbers).all()


def test_nothing_moves_in_a_still_segment() -> None:
    still = create_extractor("flow_gradients", {}, CPU).features(moving(0))[0].reshape(16, 25)

    assert still[:, :17].max() < 0.1
    assert still[:, 17:].max() > 0.1


def test_pairs_lie_evenly_and_a_segment_may_be_one_frame() -> None:
    assert pairs(16) == [0, 7, 14]
    assert pairs(2) == [0]
    assert create_extractor("flow_gradients", {}, CPU).features(moving(1)[:1]).shape == (1, 400)


class Means(PictureExtractor):
    """The brightness of a segment."""

    title = summary = source = preprocessing = "brightness"
    is_grey = True
    dimension = 1

    @property
    def size(self) -> None:
        return None

    def features(self, segment: NDArray[np.uint8]) -> NDArray[np.float32]:
        return np.array([[segment.mean()]], np.float32)


def ask_for(name: str, weights: Path | None = None, **options: Any) -> Extractor:
    return create_extractor(name, options, CPU, weights)


def test_an_extractor_says_what_it_is_not_given_or_has_no_use_for(tmp_path: Path) -> None:
    (tmp_path / "w.pth").write_bytes(b"")

    with pytest.raises(BadInput, match="depth: the extractor flow_gradients has no such field"):
        ask_for("flow_gradients", depth=18)
    with pytest.raises(BadInput, match=r"flow_gradients takes no weights \(given: w\.pth\)"):
        ask_for("flow_gradients", tmp_path / "w.pth")
    with pytest.raises(BadInput, match="c5d is not a known extractor: c3d, "):
        ask_for("c5d")


@pytest.mark.parametrize("description", describe(), ids=lambda each: each["name"])
def test_a_form_can_be_drawn_of_an_extractors_options(description: dict[str, Any]) -> None:
    schema = description["schema"]

    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["additionalProperties"] is False
    for field in schema["properties"].values():
        assert {"title", "description", "default", "group"} <= field.keys()
        assert field["group"] in {"Data", "Model"}
    assert bool(description["weights_wanted"]) == description["takes_weights"]
    assert json.loads(json.dumps(description)) == description


def test_extractors_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["extractors"]) == 0
    assert "Flow and gradient histograms (400 numbers)" in capsys.readouterr().out
    assert main(["extractors", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == describe()


class WithWeights(Means):
    takes_weights, weights_wanted = True, "any file"


def test_weights_that_are_needed_are_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(EXTRACTORS.load(), "means", WithWeights)
    path = tmp_path / "w.pth"

    with pytest.raises(BadInput, match="means needs a file of weights: any file"):
        ask_for("means")
    with pytest.raises(BadInput, match=r"w\.pth: there is no such file of weights"):
        ask_for("means", path)
    path.write_bytes(b"abc")
    facts = ask_for("means", path).facts()

    assert facts["weights_sha256"] == sha256(b"abc").hexdigest()
    assert facts["options"] == {}


def test_every_extractor_says_where_its_features_come_from() -> None:
    for kind in EXTRACTORS.load().values():
        for text in (kind.title, kind.summary, kind.source, kind.preprocessing):
            assert text.strip() == text != ""
        assert kind.dimension > 0


def record(folder: Path, n_frames: int, name: str = "a") -> VideoRecord:
    path = toys.moving_square_video(folder / f"{name}.mp4", n_frames)
    return VideoRecord(id=f"vid_{name}", path=str(path), n_frames=n_frames)


def test_features_of_a_video_are_a_file_of_rows_crops_and_numbers(tmp_path: Path) -> None:
    path = tmp_path / "a.npy"

    assert extract(Means(CPU, NoOptions(), None), record(tmp_path, 35), path) == 2
    assert np.load(path).shape == (2, 1, 1)
    assert (
        extract(Means(CPU, NoOptions(), None), record(tmp_path, 35), path, remainder="repeat") == 3
    )
    assert np.load(path).shape == (3, 1, 1)


def test_a_video_that_cannot_be_read_leaves_no_file(tmp_path: Path) -> None:
    video = replace(record(tmp_path, 20), n_frames=21)

    with pytest.raises(BadInput, match="has 20 frames where 21 are expected"):
        extract(Means(CPU, NoOptions(), None), video, tmp_path / "a.npy")

    assert [path.name for path in tmp_path.iterdir()] == ["a.mp4"]


def test_features_that_are_no_numbers_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Means, "features", lambda _self, _segment: np.array([[np.nan]], np.float32))

    with pytest.raises(BadInput, match="features of segment 0 are no finite numbers"):
        extract(Means(CPU, NoOptions(), None), record(tmp_path, 20), tmp_path / "a.npy")


def test_an_extraction_that_was_ended_goes_on(tmp_path: Path) -> None:
    videos = [record(tmp_path / "videos", 20, name) for name in "abc"]
    out = tmp_path / "out"
    extract_all(Means(CPU, NoOptions(), None), videos[:2], out, to_nobody())
    written = {path: path.stat().st_mtime_ns for path in out.rglob("*.npy")}

    manifest = extract_all(Means(CPU, NoOptions(), None), videos, out, to_nobody())

    assert [open_features(video).rows.shape for video in manifest.videos] == [(1, 1, 1)] * 3
    assert all(path.stat().st_mtime_ns == when for path, when in written.items())


def ask(folder: Path, out: Path, *more: str) -> int:
    return main(["extract", "--threads", "1", "--manifest", str(folder / "m.json"),
                 "--out", str(out), *more])  # fmt: skip


def test_features_of_two_kinds_never_come_into_one_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Manifest(videos=(record(tmp_path / "v", 20),)).save(tmp_path / "m.json")
    out, older = tmp_path / "out", tmp_path / "older"
    older.mkdir()
    np.save(older / "a.npy", np.zeros((1, 1)))

    assert ask(tmp_path, out) == 0
    before = (out / "a.npy").read_bytes()
    assert ask(tmp_path, out, "--frames-per-row", "8") == 1
    assert "made otherwise (frames_per_row)" in capsys.readouterr().err
    assert ask(tmp_path, out, "--set", "depth=18") == 1
    assert "depth: the extractor flow_gradients has no such field" in capsys.readouterr().err
    assert ask(tmp_path, out, "--weights", str(tmp_path / "m.json")) == 1
    assert "flow_gradients takes no weights" in capsys.readouterr().err
    assert ask(tmp_path, older) == 1
    assert "does not say what they are" in capsys.readouterr().err
    assert ask(tmp_path, out) == 0
    assert (out / "a.npy").read_bytes() == before


def test_videos_of_one_name_get_files_of_their_own(tmp_path: Path) -> None:
    videos = [record(tmp_path / place / "same", 20) for place in ("one", "two")]
    videos[1] = replace(videos[1], id="vid_b")

    manifest = extract_all(Means(CPU, NoOptions(), None), videos, tmp_path / "out", to_nobody())

    paths = [video.features.path for video in manifest.videos if video.features]
    out = tmp_path / "out"
    assert paths == [str(out / "one" / "same" / "a.npy"), str(out / "two" / "same" / "a.npy")]


def test_from_the_command_line_to_scores(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Pixels to features to a classifier to scores."""
    toys.toy_manifest(tmp_path / "v", validation=True, abnormal=True).save(tmp_path / "m.json")
    common = ["--threads", "1", "--manifest"]

    asked = ["extract", *common, str(tmp_path / "m.json"), "--frames-per-row", "4",
             "--out", str(tmp_path / "features")]  # fmt: skip
    assert main(asked) == 0
    facts = json.loads((tmp_path / "features" / "extraction.json").read_text())
    assert (facts["extractor"], facts["frames_per_row"]) == ("Flow and gradient histograms", 4)
    made = tmp_path / "features" / "manifest.json"
    assert all(video.features for video in Manifest.load(made).videos)
    assert main(["train", "--method", "video_classifier", *common, str(made),
                 "--set", "updates=5", "--out", str(tmp_path / "run")]) == 0  # fmt: skip
    assert main(["score", "--checkpoint", str(tmp_path / "run"), *common, str(made),
                 "--out", str(tmp_path / "scores")]) == 0  # fmt: skip
    assert main(["extract", "--extractor", "c5d", *common, str(tmp_path / "m.json"),
                 "--out", str(tmp_path / "x")]) == 1  # fmt: skip
    assert "c5d is not a known extractor: c3d, " in capsys.readouterr().err
