"""Folders for Postgres's data and programs."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.webapp.stack.places import open_folder
from webapp.stack import outside


@pytest.fixture
def ground() -> Iterator[Path]:
    with open_folder() as folder:
        yield folder


@pytest.fixture
def elsewhere(ground: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where what lies outside a checkout comes to lie in this test."""
    monkeypatch.setattr(outside, "OUTSIDE", ground / "outside")
    return ground / "outside"
