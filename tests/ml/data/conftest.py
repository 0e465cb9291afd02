"""Files that take long to make, made once."""

from pathlib import Path

import pytest

from tests import hostile


@pytest.fixture(scope="session")
def gigantic(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return hostile.gigantic(tmp_path_factory.mktemp("gigantic") / "a.mp4")
