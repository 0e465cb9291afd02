"""What the embedded Postgres keeps outside the checkout, where its user cannot enter that.

As root Postgres runs as another user. Below a closed home (root's own, mode 700) that user
reaches neither the wheel's programs nor the data. Both then lie in /var/lib/iwakan: one copy
of the programs for all checkouts, and a folder for each home, which names the home it
belongs to. `remove` takes away what belongs to a home, and the copy with the last of them.
"""

import contextlib
import fcntl
import hashlib
import os
import pwd
import shutil
from collections.abc import Iterator
from pathlib import Path

from webapp.stack import programs

OUTSIDE = Path("/var/lib/iwakan")
OWNER = "belongs-to"  # the file in a home's folder that holds the path of the home
COPY = "programs-"
COPIES = (f"{COPY}*", "pginstall*")  # the latter is what they were called first


def programs_for(home: Path, user: pwd.struct_passwd | None) -> Path:
    """The folder of Postgres's programs that `user` can start, None meaning ourselves.

    Raise RuntimeError when they do not start from a copy either.
    """
    installed = programs.installed()
    if user is None or not programs.fault(installed, user):
        return installed
    with _locked():
        copy = _checked_copy(installed, user)
        _claim(home)
    return copy


def data_folder(home: Path, user: pwd.struct_passwd | None) -> Path:
    """`home`, or its folder outside where `user` cannot enter `home`.

    Raise RuntimeError for a database inside a home that has been closed since.
    """
    if user is None:
        return home
    if (_folder_of(home) / "postgres").exists():  # made when the home was closed
        with _locked():
            _claim(home)
        return _folder_of(home)
    if is_open(home):
        return home
    if (home / "postgres").exists():
        raise RuntimeError(
            f"The database in {home / 'postgres'} cannot be entered by the user {user.pw_name}: "
            "the folder or one above it has been closed since it was made"
        )
    with _locked():
        _claim(home)
    return _folder_of(home)


def used_by(home: Path) -> list[Path]:
    """What lies outside for `home`: its folder, and the copies of the programs."""
    if not (_folder_of(home) / OWNER).exists():
        return []
    return [_folder_of(home), *_copies()]


def goes_with(home: Path) -> list[Path]:
    """What `remove` takes away: the copies stay while another home that is here uses them."""
    folder = _folder_of(home)
    gone = [folder] if folder.exists() else []
    idle = {each for each, _home in left_behind()}
    if all(owner.parent in idle.union(gone) for owner in OUTSIDE.glob(f"*/{OWNER}")):
        gone += _copies()
    return gone


def remove(home: Path) -> list[Path]:
    """Remove what lies outside for `home`, and the copies when no other home is left to use them.

    Return what was removed.
    """
    if os.geteuid() != 0 or not OUTSIDE.is_dir():
        return []
    with _locked():
        gone = goes_with(home)
        for path in gone:
            shutil.rmtree(path)
        with contextlib.suppress(OSError):  # not empty: others use it
            OUTSIDE.rmdir()
    return gone


def left_behind() -> list[tuple[Path, str]]:
    """The folders of homes that are gone, each with the path of its home. A disk may be away."""
    owners = {owner.parent: owner.read_text() for owner in OUTSIDE.glob(f"*/{OWNER}")}
    return [(folder, home) for folder, home in owners.items() if not Path(home).exists()]


def _copies() -> list[Path]:
    return sorted(copy for copies in COPIES for copy in OUTSIDE.glob(copies))


def is_open(path: Path) -> bool:
    """Whether anybody may enter `path`, which means every folder above it too."""
    return all(folder.stat().st_mode & 0o001 for folder in (path, *path.resolve().parents))


def _checked_copy(installed: Path, user: pwd.struct_passwd) -> Path:
    """A copy that `user` has started, made now where there is none or it does not start."""
    copy = OUTSIDE / f"{COPY}{programs.fingerprint(installed)}"
    place = programs.place_in_copy(installed)
    if not programs.fault(copy / place, user):
        return copy / place
    unfinished = OUTSIDE / f"{COPY}unfinished"
    shutil.rmtree(unfinished, ignore_errors=True)
    try:
        programs.copy(installed, unfinished)
        if why := programs.fault(unfinished / place, user):
            raise RuntimeError(
                f"Postgres's programs do not start as the user {user.pw_name}, "
                f"not even from a copy in {OUTSIDE}: {why}"
            )
        shutil.rmtree(copy, ignore_errors=True)
        unfinished.rename(copy)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return copy / place


def _claim(home: Path) -> None:
    folder = _folder_of(home)
    folder.mkdir(exist_ok=True)
    folder.chmod(0o755)  # whatever the umask
    (folder / OWNER).write_text(str(home.resolve()))


def _folder_of(home: Path) -> Path:
    return OUTSIDE / hashlib.sha256(str(home.resolve()).encode()).hexdigest()[:12]


@contextlib.contextmanager
def _locked() -> Iterator[None]:
    """One process at a time: nobody removes the copy that another is about to use."""
    descriptor = _lock()
    try:
        yield
    finally:
        os.close(descriptor)


def _lock() -> int:
    """A descriptor of OUTSIDE that holds its lock; the folder may go while we wait for it."""
    while True:
        OUTSIDE.mkdir(parents=True, exist_ok=True)
        OUTSIDE.chmod(0o755)  # whatever the umask
        descriptor = os.open(OUTSIDE, os.O_RDONLY)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        if OUTSIDE.exists() and os.path.samestat(os.fstat(descriptor), OUTSIDE.stat()):
            return descriptor
        os.close(descriptor)
