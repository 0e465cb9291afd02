"""Every number of the spec's tasks, and a shortcut baseline: see `ml.evaluation.tasks`."""

from __future__ import annotations

from pathlib import Path

from ml.evaluation.tasks import evaluate_tasks, write_baseline
from ml.reports import Reporter
from ml.verbs._spec import Spec, out_dir


def run(spec: Spec, reporter: Reporter) -> None:
    if spec.get("shortcut"):
        path = write_baseline(Path(spec["shortcut"]), out_dir(spec) / "shortcut.json")
        reporter.send("shortcut", path=str(path))
    done = evaluate_tasks(spec["tasks"], out_dir(spec), reporter)
    reporter.send("result", values={"n_evaluations": done})
