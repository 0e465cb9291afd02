from pathlib import Path

import numpy as np

from ml.data.truth.formats import read_annotations
from tests.disks import open_files


def test_files_of_a_folder_are_closed_once_they_are_read(tmp_path: Path) -> None:
    for number in range(3):
        np.save(tmp_path / f"{number:02}.npy", np.zeros(8, np.uint8))

    found = read_annotations(tmp_path)

    assert len(found.claims) == 3
    assert open_files(tmp_path) == []
