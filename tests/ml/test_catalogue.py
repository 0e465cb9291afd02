"""What modules of a package add to it."""

from __future__ import annotations

import pkgutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ml.catalogue import Catalogue
from ml.data.clips.modalities import MODALITIES
from ml.data.layouts._base import LAYOUTS
from ml.data.truth.formats._base import FORMATS as TRUTH
from ml.evaluation.numbers import NUMBERS
from ml.methods import METHODS
from ml.records import BadInput
from ml.scores.files._base import FORMATS as SCORES
from ml.splits.lists._base import FORMATS as LISTS

PLUGS = "plugs_of_a_test"


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    folder = tmp_path / PLUGS
    folder.mkdir()
    (folder / "__init__.py").write_text(
        f"from ml.catalogue import Catalogue\nPLUGS = Catalogue('{PLUGS}', 'plug')\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    yield folder
    for name in [name for name in sys.modules if name.partition(".")[0] == PLUGS]:
        del sys.modules[name]


def filled(package: Path, **modules: str) -> Catalogue[Any]:
    for name, body in modules.items():
        text = f"from {PLUGS} import PLUGS\n@PLUGS.register\nclass Plug:\n    {body}\n"
        (package / f"{name}.py").write_text(text)
    found: Catalogue[Any] = __import__(PLUGS).PLUGS
    return found


def test_modules_are_found_by_their_names(package: Path) -> None:
    plugs = filled(package, flat="is_general = True", round="pass", _base="pass", square="pass")

    assert sorted(plugs.load()) == ["flat", "round", "square"]
    assert [name for name, _plug in plugs.in_order()] == ["round", "square", "flat"]


def test_modules_are_looked_for_once(package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plugs = filled(package, flat="pass")
    plugs.load()

    monkeypatch.setattr(pkgutil, "iter_modules", lambda path: pytest.fail("looked again"))

    assert list(plugs.load()) == ["flat"]


def test_a_module_that_cannot_be_imported_is_told_each_time(package: Path) -> None:
    plugs = filled(package, flat="no_such_name")

    for _time in range(2):
        with pytest.raises(NameError, match="no_such_name"):
            plugs.load()


def test_a_name_that_is_not_there_is_told_with_those_that_are(package: Path) -> None:
    plugs = filled(package, flat="pass", round="pass")

    assert plugs.find("flat") is plugs.load()["flat"]
    with pytest.raises(BadInput, match="square is not a known plug: flat, round"):
        plugs.find("square")


@pytest.mark.parametrize("catalogue", [LAYOUTS, LISTS, METHODS, MODALITIES, NUMBERS, SCORES, TRUTH])
def test_a_second_one_of_the_same_name_is_refused(catalogue: Catalogue[Any]) -> None:
    name, known = sorted(catalogue.load().items())[0]
    second = type("Second", (), {"__module__": known.__module__})

    with pytest.raises(ValueError, match=rf"Second would be a second \w+ named {name}: "):
        catalogue.register(second)

    assert catalogue.load()[name] is known
