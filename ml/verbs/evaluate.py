"""Every number of the spec's tasks: see `ml.evaluation.tasks`."""

from __future__ import annotations

from ml.evaluation.tasks import evaluate_tasks
from ml.reports import Reporter
from ml.verbs._spec import Spec, out_dir


def run(spec: Spec, reporter: Reporter) -> None:
    done = evaluate_tasks(spec["tasks"], out_dir(spec), reporter)
    reporter.send("result", values={"n_evaluations": done})
