"""What a process that evaluates does: one task after the other, each under several protocols."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ml.evaluation.exchange import load_material
from ml.evaluation.frames import ScoredVideo
from ml.evaluation.outcome import Outcome, evaluate_under
from ml.evaluation.overview import overview_of
from ml.evaluation.settings import Settings
from ml.evaluation.shortcut import Facts, shortcut_baseline
from ml.reports import Reporter

# {"material": path of `save_material`, "protocols": [fields of Settings], "needs_overview": bool}
Task = dict[str, Any]


def evaluate_tasks(tasks: Sequence[Task], out_dir: Path, reporter: Reporter) -> int:
    """Tell an `evaluation` for each protocol of each task; return how many.

    Its `path` holds `Outcome.to_json` and the facts of its replicates, whose values, float64,
    are in `replicates`. Of a task that needs it an `overview` is told before: `path` holds
    `Overview.to_json`.
    """
    total = sum(len(task["protocols"]) for task in tasks)
    done = 0
    for number, task in enumerate(tasks):
        videos, validation = load_material(Path(task["material"])).scored()
        if task["needs_overview"]:
            path = _write_overview(videos, out_dir / f"{number}-overview.json")
            reporter.send("overview", task=number, path=path)
        protocols = [Settings.from_json(each) for each in task["protocols"]]
        outcomes = evaluate_under(videos, protocols, validation)
        for place, outcome in enumerate(outcomes):
            paths = _write(outcome, out_dir / f"{number}-{place}")
            reporter.send("evaluation", task=number, protocol=place, **paths)
            done += 1
            reporter.progress(stage="evaluate", done=done, total=total, unit="protocols")
    return total


def _write_overview(videos: Sequence[ScoredVideo], path: Path) -> str:
    path.write_text(json.dumps(overview_of(videos).to_json(), allow_nan=False))
    return str(path)


def _write(outcome: Outcome, stem: Path) -> dict[str, str]:
    path, values = stem.with_suffix(".json"), stem.with_suffix(".npy")
    facts = outcome.to_json() | {"replicates": outcome.replicates.facts()}
    path.write_text(json.dumps(facts, allow_nan=False))
    np.save(values, outcome.replicates.values.astype("<f8"))
    return {"path": str(path), "replicates": str(values)}


def write_baseline(given: Path, path: Path) -> Path:
    """Make the shortcut baseline of a file {"facts": {video: …}, "folds": [[train, test], …]}.

    Each part is {video: whether it is abnormal}. `path` then holds `Baseline.to_json`.
    """
    content = json.loads(given.read_text())
    facts = {video: Facts(**each) for video, each in content["facts"].items()}
    folds = [(train, test) for train, test in content["folds"]]
    baseline = shortcut_baseline(facts, folds)
    path.write_text(json.dumps(baseline.to_json(), allow_nan=False))
    return path
