from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ml.data.video.decode import decode
from ml.data.video.sequences import outline_images, probe_images, read_image
from ml.records import BadInput, VideoRecord
from tests import hostile, toys
from tests.ml.data.video.examined import examined

ORIENTATION = 0x0112  # tag of EXIF


def sequence(tmp_path: Path, *, suffix: str = ".png") -> Path:
    return toys.write_images(tmp_path / "clip", toys.toy_frames(11), suffix=suffix)


@pytest.mark.parametrize("suffix", [".tif", ".png", ".bmp", ".jpg", ".webp"])
def test_probe_images_counts_and_times_them(tmp_path: Path, suffix: str) -> None:
    folder = sequence(tmp_path, suffix=suffix)

    facts = probe_images(folder, outline_images(folder, fps=10), on_frame=lambda frame: None)

    assert facts.pts == pytest.approx(np.arange(11) / 10)
    assert (facts.width, facts.height, facts.fps) == (64, 48, pytest.approx(10))
    assert facts.codec == suffix.lstrip(".")
    assert facts.n_bytes == sum(file.stat().st_size for file in folder.iterdir())


def test_probe_images_hash_changes_with_content_and_names(tmp_path: Path) -> None:
    folder = sequence(tmp_path)
    before = examined(folder, tmp_path / "out")["sha256"]

    (folder / "11.png").rename(folder / "12.png")

    assert examined(folder, tmp_path / "out")["sha256"] != before


def test_probe_images_proxy_and_loader_see_the_same_frames(tmp_path: Path) -> None:
    folder = sequence(tmp_path)
    (folder / "._1.png").write_bytes(b"macOS was here")

    answer = examined(folder, tmp_path / "out")

    video = VideoRecord(id="v", path=str(folder), kind="frames", n_frames=answer["n_frames"])
    proxy = VideoRecord(id="v", path=str(tmp_path / "out" / "proxy.mp4"), n_frames=11)
    for image, frame in zip(decode(video, grey=True), decode(proxy, grey=True), strict=True):
        assert np.abs(image.astype(int) - frame).mean() < 6


def _other_size(path: Path) -> None:
    Image.new("RGB", (32, 24)).save(path)


def _half(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:60])


def _link(path: Path) -> None:
    path.unlink()
    path.symlink_to("/etc/hostname")


@pytest.mark.parametrize(
    ("harm", "sentence"),
    [
        (_other_size, r"frame 7\.png is 32×24, while 1\.png is 64×48"),
        (_half, r"frame 7\.png: it cannot be read"),
        (hostile.text, r"frame 7\.png: it is no PNG, JPEG"),
        (hostile.lfs_pointer, r"frame 7\.png: the file is a Git LFS pointer"),
        (_link, r"frame 7\.png: it is a link"),
    ],
)
def test_probe_images_names_the_first_unfit_one(
    tmp_path: Path, harm: Callable[[Path], object], sentence: str
) -> None:
    folder = sequence(tmp_path)
    harm(folder / "7.png")

    with pytest.raises(BadInput, match=sentence):
        examined(folder, tmp_path / "out")


def test_probe_images_gigantic_one_is_refused_by_its_header(tmp_path: Path) -> None:
    folder = sequence(tmp_path)
    Image.new("1", (16000, 16000)).save(folder / "0.png")

    with pytest.raises(BadInput, match=r"frame 0\.png: frames of 16000×16000 are larger"):
        examined(folder, tmp_path / "out")


def test_probe_images_turned_by_their_header_stand_as_in_the_loader(tmp_path: Path) -> None:
    (tmp_path / "clip").mkdir()
    turned = Image.Exif()
    turned[ORIENTATION] = 6  # to be shown a quarter clockwise
    Image.new("L", (64, 48)).save(tmp_path / "clip" / "1.jpg", exif=turned)

    answer = examined(tmp_path / "clip", tmp_path / "out")

    loaded = next(decode(VideoRecord(id="v", path=str(tmp_path / "clip"), kind="frames")))
    assert (answer["height"], answer["width"]) == loaded.shape[:2] == (64, 48)


def test_read_image_gives_pixels_as_stored(tmp_path: Path) -> None:
    deep = np.arange(0, 65536, 256, dtype=np.uint16).reshape(16, 16)
    Image.fromarray(deep).save(tmp_path / "a.png")

    assert np.array_equal(read_image(tmp_path / "a.png"), np.dstack([deep] * 3))


def test_probe_images_names_each_one_of_another_size(tmp_path: Path) -> None:
    folder = sequence(tmp_path)
    for name, size in (("1", (32, 24)), ("7", (32, 24)), ("9", (16, 12))):
        Image.new("RGB", size).save(folder / f"{name}.png")

    with pytest.raises(BadInput) as refusal:
        examined(folder, tmp_path / "out")

    assert str(refusal.value) == (
        "frame 1.png is 32×24, 7.png is 32×24, 9.png is 16×12, while 2.png is 64×48"
    )


def test_probe_images_missing_numbers_are_a_fault_until_somebody_decides(tmp_path: Path) -> None:
    folder = sequence(tmp_path)
    (folder / "4.png").unlink()

    open_ = examined(folder, tmp_path / "out")
    decided = examined(folder, tmp_path / "out", frame_numbers="order")

    assert open_["numbering_fault"].startswith(
        "1 number is missing (4), so that frame 3 is the picture 5.png. "
    )
    assert (decided["numbering_fault"], decided["n_frames"]) == ("", 10)
    assert decided["notes"] == [
        "1 number is missing (4), so that frame 3 is the picture 5.png; its pictures count as "
        "they lie, as was said"
    ]


def test_probe_images_times_in_their_names_are_the_clock(tmp_path: Path) -> None:
    folder = sequence(tmp_path)
    times = [0, 0.125, 0.25, 0.5, 1, 1.5, 2, 2.125, 2.25, 2.375, 2.5]
    for index, second in enumerate(times, start=1):
        (folder / f"{index}.png").rename(folder / f"{1620000000 + second:.3f}.png")

    answer = examined(folder, tmp_path / "out")
    stated = examined(folder, tmp_path / "stated", fps=10)

    assert np.load(tmp_path / "out" / "pts.npy") == pytest.approx(times)
    assert answer["notes"] == [
        "its clock is that of the times in the names, from 1620000000.000.png on: "
        "11 pictures in 2.5 s"
    ]
    assert np.load(tmp_path / "stated" / "pts.npy") == pytest.approx(np.arange(11) / 10)
    assert stated["notes"] == [
        "the names are times, but 10 frames per second were stated, which count"
    ]
