"""What a child must reach: programs, the data that its job names, the places it writes to."""

from __future__ import annotations

import os
import sys
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from django.conf import settings

from webapp.common.errors import UserError

READ = ("path", "paths", "folder", "weights")
WRITTEN = "out_dir"
FREE = ("config", "ways", "options", "names", "normal_labels")  # what people wrote: names no data
MAX_PLACES = 64  # of one root: each more makes all others slower to lay


def programs() -> list[str]:
    """Absolute paths of Python, of what it imports from, and of the libraries it is told to use."""
    libraries = os.environ.get("LD_LIBRARY_PATH", "").split(os.pathsep)
    places = [sys.prefix, sys.base_prefix, str(settings.BASE_DIR), *sys.path, *libraries]
    absolute = {place for place in places if Path(place).is_absolute()}
    return sorted(absolute, key=len)


def hidden() -> list[str]:
    """Folders with what belongs to others: data, results, and the secrets of the site."""
    kept = (settings.VAR_DIR, settings.MEDIA_ROOT, settings.FEATURES_ROOT, settings.WORK_DIR)
    shown = [Path(place) for place in programs()]
    return sorted(
        {
            str(path)
            for path in map(Path, (*kept, *settings.DATA_ROOTS))
            if path.is_dir() and any(path.is_relative_to(place) for place in shown)
        },
        key=len,
    )


def programs_in_hidden() -> list[str]:
    places = [Path(place) for place in hidden()]
    return [each for each in programs() if any(map(Path(each).is_relative_to, places))]


def named(spec: dict[str, Any], *, folder: Path) -> list[str]:
    """Files and folders of the data that the spec names; where very many, folders that hold them.

    Raise UserError for one that is, or leads, outside the folders that the server shares.
    """
    paths = {Path(path) for path in _paths(spec)}
    wanted = {path for path in paths if not path.is_relative_to(folder) and path.exists()}
    roots = _roots()
    for path in sorted(wanted):
        _check(path, roots)
    found = [_few({path for path in wanted if path.is_relative_to(root)}) for root in roots]
    return sorted({str(path) for paths in found for path in paths}, key=len)


def _check(path: Path, roots: Collection[Path]) -> None:
    """A link may have been put there since the import, and a root may be shared no longer."""
    real = path.resolve()
    if not any(map(real.is_relative_to, roots)):
        where = f"{path}, which leads to {real}," if real != path else str(path)
        raise UserError(
            f"{where} is outside the folders that this server shares: see IWAKAN_DATA_ROOTS.",
            code="outside_data_roots",
        )


def written(spec: dict[str, Any], *, folder: Path) -> list[str]:
    """The folder of the job, and that which the spec says outside it."""
    out_dir = Path(spec.get(WRITTEN, folder))
    if out_dir.is_relative_to(folder):
        return [str(folder)]
    out_dir.mkdir(parents=True, exist_ok=True)
    return [str(folder), str(out_dir)]


def _roots() -> set[Path]:
    """As they are written, and where links in them lead."""
    roots = [Path(root).absolute() for root in (*settings.DATA_ROOTS, settings.FEATURES_ROOT)]
    return {*roots, *(root.resolve() for root in roots)}


def _paths(spec: Any, key: str = "") -> Iterator[str]:
    match spec:
        case dict() if key == "files":
            for value in spec.values():
                yield from _paths(value, "path")
        case dict():
            for name, value in spec.items():
                if name not in FREE:
                    yield from _paths(value, name)
        case list():
            for value in spec:
                yield from _paths(value, key)
        case str() if key in READ and Path(spec).is_absolute():
            yield os.path.normpath(spec)


def _few(paths: set[Path]) -> set[Path]:
    if len(paths) <= MAX_PLACES:
        return paths
    parents = {path.parent for path in paths}
    return parents if len(parents) <= MAX_PLACES else {Path(os.path.commonpath(parents))}
