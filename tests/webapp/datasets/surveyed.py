"""Events as the survey's child process sends them, with the small real files they name."""

from pathlib import Path
from typing import Any

import numpy as np

from tests.factories.jobs import JobFactory
from webapp.datasets import ground_truth, services
from webapp.datasets.models import Dataset

FPS = 25.0


def ready_video(folder: Path, name: str, **changes: Any) -> dict[str, Any]:
    """The event of a video of ten frames, whose files lie below `folder`."""
    usual = {"n_frames": 10, "sha256": f"{name:0>64}", "label": "normal"}
    n_frames = changes.get("n_frames", usual["n_frames"])
    return _facts(name) | usual | _files(folder / name.replace("/", "-"), n_frames) | changes


def _files(folder: Path, n_frames: int) -> dict[str, str]:
    folder.mkdir(parents=True, exist_ok=True)
    np.save(folder / "pts.npy", np.arange(n_frames) / FPS)
    names = {"proxy": "proxy.mp4", "poster": "poster.jpg", "contact_sheet": "sheet.jpg"}
    for name in names.values():
        (folder / name).write_bytes(f"{name} of {folder.name}".encode())
    return {field: str(folder / name) for field, name in ({"pts": "pts.npy"} | names).items()}


def rejected_video(name: str, **changes: Any) -> dict[str, Any]:
    return _facts(name) | {"status": "rejected", "reason": "It is empty."} | changes


def _facts(name: str) -> dict[str, Any]:
    return {
        "event": "video", "name": name, "path": f"{name}.mp4", "kind": "file",
        "part": name.partition("/")[0], "label": "", "status": "ready", "reason": "",
        "sha256": "", "n_bytes": 1234, "n_frames": 0, "width": 320, "height": 240, "rotation": 0,
        "fps": FPS, "is_variable_rate": False, "duration_seconds": 0.4, "codec": "h264",
        "has_audio": False, "pts": "", "proxy": "", "proxy_fps": FPS, "poster": "",
        "contact_sheet": "",
    }  # fmt: skip


def annotations(**intervals: list[list[Any]]) -> dict[str, Any]:
    """Ground truth of test videos: `annotations(a=[[2, 5, "running"]])` is about test/a."""
    named = {f"test/{name}": triples for name, triples in intervals.items()}
    return {"event": "annotations", "source": "labels.csv", "intervals": named}


def import_all(dataset, folder, *events):
    """One whole import by a job of its own; returns the dataset as it left it."""
    dataset = Dataset.objects.get(pk=dataset.pk)
    services.begin_import(dataset, job=JobFactory.create(team=dataset.team, kind="import"))
    for event in events:
        if event["event"] == "video":
            services.record_video(dataset, event=event, folder=folder)
        else:
            ground_truth.record_annotations(dataset, event=event)
    services.finish_import(dataset, "plain")
    return dataset


def clean_events(folder):
    return [
        ready_video(folder, "train/a"),
        ready_video(folder, "test/a"),
        annotations(a=[[2, 5, "running"]]),
    ]
