"""`manage.py remove_data`: what the stack has stored goes, videos stay."""

import shutil
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.management import CommandError, call_command

from tests.webapp.stack.places import CLOSED, needs_root, unprivileged
from webapp.stack import outside, removal
from webapp.stack.stack import locked

KEPT = Path("data") / "mine.mp4"


@pytest.fixture
def home(
    tmp_path: Path, elsewhere: Path, settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """Of a stack that has run, with a video that somebody put there."""
    monkeypatch.delenv("DATABASE_URL", raising=False)
    settings.VAR_DIR = tmp_path / "var"
    for name in ("postgres/base", "valkey", "media/proxies", "work", "log", KEPT.parent):
        (settings.VAR_DIR / name).mkdir(parents=True)
    for file in ("postgres/PG_VERSION", "secret-key", "postgres-password", KEPT):
        (settings.VAR_DIR / file).touch()
    return settings.VAR_DIR


def remove_data(**options: Any) -> str:
    told = StringIO()
    call_command("remove_data", stdout=told, **options)
    return told.getvalue()


def answering(answer: str) -> Callable[[str], str]:
    def ask(question: str) -> str:
        assert question.startswith("Remove them?")
        return answer

    return ask


def test_all_goes_but_the_videos(home: Path) -> None:
    told = remove_data(no_input=True)

    assert [path.relative_to(home) for path in home.rglob("*.*")] == [KEPT]
    assert list(home.iterdir()) == [home / "data"]
    assert f"Removed {home / 'postgres'}" in told
    assert f"Kept {home / 'data'}" in told


def test_an_empty_home_goes_too(home: Path) -> None:
    (home / KEPT).unlink()
    (home / KEPT.parent).rmdir()

    remove_data(no_input=True)

    assert not home.exists()
    assert "no embedded data" in remove_data(no_input=True)


@pytest.mark.parametrize("answer", ["", "n", "no", "yesterday"])
def test_nothing_goes_without_a_yes(
    home: Path, answer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("builtins.input", answering(answer))
    before = set(home.rglob("*"))

    with pytest.raises(CommandError, match="Nothing was removed"):
        remove_data()

    assert set(home.rglob("*")) - before == {home / "up.lock"}


def test_a_yes_removes(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("builtins.input", answering("y"))

    remove_data()

    assert not (home / "postgres").exists()


@needs_root
def test_what_lies_outside_goes_too(home: Path, elsewhere: Path) -> None:
    home.chmod(CLOSED)
    shutil.rmtree(home / "postgres")
    outside_of_it = outside.data_folder(home, unprivileged())
    assert outside_of_it.parent == elsewhere

    told = remove_data(no_input=True)

    assert f"Removed {outside_of_it}" in told
    assert not elsewhere.exists()


def test_a_running_stack_is_left_alone(home: Path) -> None:
    with locked(home), pytest.raises(CommandError, match="already running here"):
        remove_data(no_input=True)

    assert (home / "postgres").exists()


def test_media_of_a_database_of_ones_own_are_left_alone(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://lab")

    with pytest.raises(CommandError, match="a database of your own"):
        remove_data(no_input=True)

    assert (home / "media").exists()


def test_what_is_stored_is_known_by_name(home: Path) -> None:
    assert home / "media" in removal.stored(home)
    assert home / "data" not in removal.stored(home)
