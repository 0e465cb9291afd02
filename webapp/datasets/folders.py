"""Which server folders may be registered as datasets, and where the line is drawn."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext as _

from webapp.common.errors import UserError

MAX_SUGGESTIONS = 200
SUGGESTION_DEPTH = 2


def data_roots() -> list[Path]:
    return [Path(root).resolve() for root in settings.DATA_ROOTS]


def resolve_folder(folder: str) -> Path:
    """The real folder below one of the data roots: `folder` is absolute, or relative to a root.

    Links are followed first, so that none leads outside. What lies outside and what does not
    exist get the same answer. Raise UserError.
    """
    found = _below_roots(folder, field="folder")
    if found and found.is_dir():
        return found
    raise UserError(
        _("There is no folder “%(folder)s” below %(roots)s.")
        % {"folder": folder, "roots": " or ".join(map(str, data_roots()))},
        code="folder_not_found",
        field="folder",
    )


def resolve_path(path: str, *, field: str = "path") -> Path:
    """The same for a file or a folder."""
    found = _below_roots(path, field=field)
    if found:
        return found
    raise UserError(
        _("There is no file “%(path)s” below %(roots)s.")
        % {"path": path, "roots": " or ".join(map(str, data_roots()))},
        code="path_not_found",
        field=field,
    )


def _below_roots(path: str, *, field: str) -> Path | None:
    roots = data_roots()
    if not roots:
        raise UserError(
            _(
                "This server shares no folder. Whoever runs it names the folders that may be "
                "imported in the setting IWAKAN_DATA_ROOTS."
            ),
            code="no_data_roots",
            field=field,
        )
    for root in roots:
        candidate = _real_path(root, path)
        if candidate and any(candidate.is_relative_to(allowed) for allowed in roots):
            return candidate
    return None


def _real_path(root: Path, path: str) -> Path | None:
    try:
        return (root / path).resolve(strict=True)
    except (OSError, ValueError, RuntimeError):  # absent, too long, NUL byte, loop of links
        return None


def suggested_folders() -> list[str]:
    """Folders that a person may want, relative to their root, for the form to offer."""
    found = (folder for root in data_roots() for folder in _below(root, prefix=""))
    return sorted(set(islice(found, MAX_SUGGESTIONS)))


def _below(folder: Path, *, prefix: str, depth: int = SUGGESTION_DEPTH) -> Iterator[str]:
    try:
        with os.scandir(folder) as entries:
            names = sorted(entry.name for entry in entries if _is_offered(entry))
    except OSError:
        return
    for name in names:
        yield prefix + name
        if depth > 1:
            yield from _below(folder / name, prefix=f"{prefix}{name}/", depth=depth - 1)


def _is_offered(entry: os.DirEntry[str]) -> bool:
    return entry.is_dir(follow_symlinks=False) and not entry.name.startswith(".")
