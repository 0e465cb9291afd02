"""A file or folder of ground truth, as formats look at it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from ml import strict_json
from ml.records import BadInput, natural_key
from ml.tables import is_text
from ml.text_files import TextFile

MAX_TEXT_BYTES = 64_000_000


@dataclass(frozen=True)
class Source:
    """A file whose text is read and parsed once, however many formats look at it, or a folder.

    Arrays and what lies in a folder are read from `path` by the formats themselves.
    """

    path: Path
    name: str  # as it was given, which `path` need not be

    @cached_property
    def data(self) -> bytes:
        """The whole file; empty for a folder. Raise BadInput where it is too large for a text."""
        if self.path.is_dir():
            return b""
        if self.path.stat().st_size > MAX_TEXT_BYTES:
            raise BadInput(f"{self.name} is larger than {MAX_TEXT_BYTES // 1_000_000} MB")
        return self.path.read_bytes()

    @cached_property
    def head(self) -> bytes:
        if self.path.is_dir():
            return b""
        with self.path.open("rb") as file:
            return file.read(65_536)

    @cached_property
    def is_text(self) -> bool:
        return bool(self.head) and is_text(self.head)

    @cached_property
    def text(self) -> TextFile:
        """Without a line for what is no text."""
        return TextFile(self.data if self.is_text else b"", self.name)

    @cached_property
    def document(self) -> Any:
        """What the file says in JSON; None where it is none.

        Raise BadInput where it is JSON with a key twice or with a number that is none.
        """
        if not self.text.content.lstrip("\ufeff \t\r\n").startswith(("{", "[")):
            return None
        try:
            return strict_json.parse(self.text.content, self.name)
        except BadInput as error:
            if isinstance(error.__cause__, ValueError | RecursionError):
                return None
            raise

    def why_no_json(self) -> str:
        """A sentence about a text that begins like JSON and is none; empty for any other."""
        if not self.text.content.lstrip().startswith(("{", "[")):
            return ""
        try:
            strict_json.parse(self.text.content, self.name)
        except BadInput as error:
            return str(error)
        return ""


def files_in(folder: Path, pattern: str) -> list[Path]:
    """Without hidden files, as macOS makes, and without links that lead out of the folder."""
    found = (path for path in folder.glob(pattern) if not path.name.startswith("."))
    inside = folder.resolve()
    kept = (path for path in found if path.is_file() and path.resolve().is_relative_to(inside))
    return sorted(kept, key=lambda path: natural_key(path.name))
