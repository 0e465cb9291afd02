"""Folders that the database's user may or may not enter, with a wheel of Postgres in them."""

import contextlib
import os
import pwd
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from webapp.stack import outside, postgres, programs

OPEN, CLOSED = 0o755, 0o700
needs_root = pytest.mark.skipif(
    os.geteuid() != 0,
    reason="only root's Postgres runs as another user, whom a folder may shut out",
)


def unprivileged() -> pwd.struct_passwd:
    """The user that Postgres runs as when root starts it."""
    user = postgres._unprivileged_user()
    assert user is not None
    return user


def checkout(folder: Path, *, mode: int, owner: pwd.struct_passwd | None = None) -> Path:
    """A new `folder` of this mode with the wheel's programs and libraries, all of it `owner`'s."""
    installed = programs.installed()
    site_packages = folder / "site-packages"
    package = site_packages / installed.parent.name
    shutil.copytree(installed, package / installed.name, symlinks=True)
    for libraries in programs.libraries(installed):
        shutil.copytree(libraries, site_packages / libraries.name, symlinks=True)
    if owner is not None:
        for path in (folder, *folder.rglob("*")):
            os.chown(path, owner.pw_uid, owner.pw_gid, follow_symlinks=False)
    folder.chmod(mode)
    return package / installed.name


@contextlib.contextmanager
def open_folder() -> Iterator[Path]:
    """A folder that anybody may enter. Pytest's own are closed, also again and again."""
    usual = [Path(tempfile.gettempdir()), Path("/tmp"), Path("/var/tmp")]
    folder = Path(tempfile.mkdtemp(dir=next(place for place in usual if outside.is_open(place))))
    folder.chmod(OPEN)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


@contextlib.contextmanager
def acting_as(user: pwd.struct_passwd | None) -> Iterator[None]:
    """Be `user` for a while, None meaning to stay who one is; a saved id of 0 leads root back."""
    if user is None:
        yield
        return
    groups = os.getgroups()
    os.setgroups([])
    os.setresgid(user.pw_gid, user.pw_gid, 0)
    os.setresuid(user.pw_uid, user.pw_uid, 0)
    try:
        yield
    finally:
        os.setresuid(0, 0, 0)
        os.setresgid(0, 0, 0)
        os.setgroups(groups)
