"""A file or folder of ground truth, looked at by many formats but read once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from ml.records import BadInput, natural_key

MAX_TEXT_BYTES = 64_000_000
LFS = b"version https://git-lfs"


@dataclass(frozen=True)
class Source:
    """A file or a folder, looked at by many formats but read once."""

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
        return bool(self.head) and b"\0" not in self.head

    @cached_property
    def text(self) -> str:
        """UTF-8, or Latin-1 where that fails: every byte is a letter there."""
        try:
            return self.data.decode("utf-8-sig")
        except UnicodeDecodeError:
            return self.data.decode("latin-1")

    @cached_property
    def lines(self) -> list[str]:
        """Those with something in them; empty for what is no text."""
        if not self.is_text:
            return []
        return [line.strip() for line in self.text.splitlines() if line.strip()]


def files_in(folder: Path, pattern: str) -> list[Path]:
    """Without hidden files, as macOS makes, and without links that lead out of the folder."""
    found = (path for path in folder.glob(pattern) if not path.name.startswith("."))
    inside = folder.resolve()
    kept = (path for path in found if path.is_file() and path.resolve().is_relative_to(inside))
    return sorted(kept, key=lambda path: natural_key(path.name))
