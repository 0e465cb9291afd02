"""A folder that anybody may enter: pytest's own are closed to other users."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from webapp.stack import outside


@pytest.fixture
def ground() -> Iterator[Path]:
    usual = [Path(tempfile.gettempdir()), Path("/tmp"), Path("/var/tmp")]
    folder = Path(tempfile.mkdtemp(dir=next(place for place in usual if outside.is_open(place))))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def elsewhere(ground: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where what lies outside a checkout comes to lie in this test."""
    monkeypatch.setattr(outside, "OUTSIDE", ground / "outside")
    return ground / "outside"
