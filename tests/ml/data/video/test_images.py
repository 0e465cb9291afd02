from pathlib import Path

from ml.data.video.images import image_files
from ml.records import natural_key


def test_image_files_leaves_out_hidden_files_and_what_is_no_image(tmp_path: Path) -> None:
    for name in ("10.tif", "9.TIF", "notes.txt", ".DS_Store", "._9.tif"):
        (tmp_path / name).touch()

    assert [path.name for path in image_files(tmp_path)] == ["9.TIF", "10.tif"]


def test_natural_key_compares_numbers_between_letters() -> None:
    names = ["b1", "a10_2", "a2_10", "a10_1", "7"]

    assert sorted(names, key=natural_key) == ["a2_10", "a10_1", "a10_2", "b1", "7"]
