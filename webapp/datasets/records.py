"""Videos as the processes that look at them are told of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from webapp.datasets.models import Dataset, Video


def as_record(video: Video, dataset: Dataset) -> dict[str, Any]:
    """JSON of `ml.records.VideoRecord`, without anything that is known of what it shows."""
    return {
        "id": video.pk,
        "path": str(Path(dataset.folder) / video.path),
        "kind": video.kind,
        "n_frames": video.n_frames,
        "rotation": video.rotation,
        "pixel_low": video.pixel_low,
        "pixel_high": video.pixel_high,
        "fps": video.fps if video.kind == Video.Kind.FRAMES else 0.0,
    }
