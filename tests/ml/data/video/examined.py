"""A video examined in this process, where a test can see the files."""

from pathlib import Path
from typing import Any

from ml.data.video.examine import examine
from ml.data.video.pixels import Range, common_scale


def examined(
    path: Path, folder: Path, *, fps: float | None = None, frame_numbers: Any = ""
) -> dict[str, Any]:
    """As an import does whose only video it is."""
    folder.mkdir(exist_ok=True)
    said: dict[str, Any] = {
        "kind": "frames" if path.is_dir() else "file",
        "fps": fps,
        "folder": folder,
        "frame_numbers": frame_numbers,
    }
    answer = examine(path, **said)
    if "range" in answer:
        answer = examine(path, **said, scale=common_scale([Range(**answer["range"])]))
    return answer
