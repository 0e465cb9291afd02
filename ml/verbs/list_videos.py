"""The videos of a dataset without files: see `ml.data.listed`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from ml.data import listed
from ml.reports import Reporter
from ml.verbs._spec import Spec, limit_memory


def run(spec: Spec, reporter: Reporter) -> None:
    limit_memory()
    labels = spec.get("normal_labels") or ()
    found = listed.list_videos(Path(spec["path"]), spec.get("name", ""), labels)
    reporter.send("listed", values=[video.to_json() for video in found.videos])
    for finding in found.findings:
        reporter.send("finding", **asdict(finding))
    reporter.send("result", values={"format": "list", "annotates": found.annotates})
