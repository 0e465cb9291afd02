"""What verbs take from a spec. Nothing here imports torch before a verb needs it."""

from __future__ import annotations

import resource
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ml import device
from ml.records import VideoRecord
from ml.reports import Reporter

if TYPE_CHECKING:
    from ml.methods import Method
    from ml.training.checkpoints import Checkpoint

Spec = dict[str, Any]
READING_BYTES = 8 * 1024**3  # address space for files that people send
STATM = Path("/proc/self/statm")  # its first number: pages that are mapped


def videos_of(spec: Spec) -> tuple[VideoRecord, ...]:
    return tuple(VideoRecord.from_json(video) for video in spec["videos"])


def out_dir(spec: Spec) -> Path:
    folder = Path(spec["out_dir"])
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def limit_memory() -> None:
    """Compressed files can unpack without end: they meet a MemoryError, the machine does not.

    Beside what is mapped already: torch with its libraries for a GPU maps some gigabytes.
    """
    mapped = int(STATM.read_text().split()[0]) * resource.getpagesize() if STATM.exists() else 0
    limit = mapped + READING_BYTES
    _soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    limit = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def checkpoint_at(paths: dict[str, Any]) -> Checkpoint:
    from ml.training import checkpoints

    return checkpoints.load(Path(paths["weights"]), Path(paths["state"]))


def restored(spec: Spec, reporter: Reporter) -> Method:
    """The method of the spec's checkpoint as it was learnt, on the spec's device.

    By the spec's `config`, which may score in another way than the one that was trained.
    """
    from ml.methods import restore
    from ml.registry import get_method, scoring_config

    checkpoint = checkpoint_at(spec)
    config = checkpoint.config
    if wanted := spec.get("config"):
        scoring_config(get_method(checkpoint.method), config, wanted)
        config = wanted
    method = method_on_device(checkpoint.method, config, spec, reporter)
    restore(method, checkpoint)
    return method


def method_on_device(name: str, config: dict[str, Any], spec: Spec, reporter: Reporter) -> Method:
    """The method on the spec's device, which is told about."""
    from ml.registry import get_method, parse_config

    method = get_method(name)
    parsed = parse_config(method, config)
    device.use_threads(spec.get("threads"))
    device.compute_exactly()
    chosen = device.choose(spec.get("device", "auto"))
    reporter.send("facts", values=device.device_facts(chosen))
    return method(parsed, chosen)
