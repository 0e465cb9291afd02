"""What a process that evaluates does: one task after the other, each under several protocols."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ml.evaluation.exchange import load_scored
from ml.evaluation.outcome import Outcome, evaluate_under
from ml.evaluation.settings import Settings
from ml.reports import Reporter

Task = dict[str, Any]  # {"videos": npz, "validation": npz, "protocols": [fields of Settings]}


def evaluate_tasks(tasks: Sequence[Task], out_dir: Path, reporter: Reporter) -> int:
    """Tell an `evaluation` for each protocol of each task; return how many.

    Its `path` holds `Outcome.to_json` and the facts of its replicates, whose values, float64,
    are in `replicates`.
    """
    total = sum(len(task["protocols"]) for task in tasks)
    done = 0
    for number, task in enumerate(tasks):
        protocols = [Settings.from_json(each) for each in task["protocols"]]
        outcomes = evaluate_under(
            load_scored(Path(task["videos"])), protocols, load_scored(Path(task["validation"]))
        )
        for place, outcome in enumerate(outcomes):
            paths = _write(outcome, out_dir / f"{number}-{place}")
            reporter.send("evaluation", task=number, protocol=place, **paths)
            done += 1
            reporter.progress(stage="evaluate", done=done, total=total, unit="protocols")
    return total


def _write(outcome: Outcome, stem: Path) -> dict[str, str]:
    path, values = stem.with_suffix(".json"), stem.with_suffix(".npy")
    facts = outcome.to_json() | {"replicates": outcome.replicates.facts()}
    path.write_text(json.dumps(facts, allow_nan=False))
    np.save(values, outcome.replicates.values.astype("<f8"))
    return {"path": str(path), "replicates": str(values)}
