"""A video examined in this process, where a test can see the files."""

from pathlib import Path
from typing import Any

from ml.data.examine import examine


def examined(path: Path, folder: Path) -> dict[str, Any]:
    folder.mkdir(exist_ok=True)
    return examine(path, kind="frames" if path.is_dir() else "file", fps=None, folder=folder)
