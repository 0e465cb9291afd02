"""Makes a checkpoint of weights that were trained and published elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from ml import device
from ml.methods import restore
from ml.records import BadInput
from ml.registry import as_json, get_method, parse_config
from ml.reports import Reporter
from ml.training.checkpoints import Checkpoint, save
from ml.verbs._spec import Spec, limit_memory, out_dir
from ml.weights import Imported, import_weights
from ml.weights.files import read_weights


def run(spec: Spec, reporter: Reporter) -> None:
    device.use_threads(1)  # each thread would take address space of its own
    limit_memory()
    path = Path(spec["weights"])
    imported = import_weights(
        read_weights(path), name=spec.get("name") or path.name, method=spec.get("method", "")
    )
    checkpoint = checkpoint_of(imported, spec.get("config", {}))
    weights, state = save(checkpoint, out_dir(spec))
    reporter.send(
        "checkpoint", step=0, epoch=0.0, weights=str(weights), state=str(state),
        is_best=False, is_final=True,
    )  # fmt: skip
    facts = {"method": imported.method, "layout": imported.layout, "notes": list(imported.notes)}
    reporter.send("result", values={"config": checkpoint.config, **facts})


def checkpoint_of(imported: Imported, wanted: Mapping[str, Any]) -> Checkpoint:
    """With the fields `wanted`, where the weights leave them open.

    Raise BadInput where they do not, or where the weights do not fit the method.
    """
    for name in wanted.keys() & imported.config.keys():
        if wanted[name] != imported.config[name]:
            raise BadInput(
                f"{name}: the weights are of a network with {imported.config[name]!r} "
                f"(given: {wanted[name]!r})"
            )
    kind = get_method(imported.method)
    config = parse_config(kind, {**imported.usual, **wanted, **imported.config})
    checkpoint = Checkpoint(
        method=imported.method,
        config=as_json(config),
        seed=0,
        step=0,
        epoch=0.0,
        # What was saved channels last is not contiguous, which safetensors refuses.
        tensors={
            f"modules/network/{name}": each.contiguous() for name, each in imported.tensors.items()
        },
        loop={"imported": imported.layout},
    )
    restore(kind(config, torch.device("cpu")), checkpoint)
    return checkpoint
