"""The videos of a dataset without files: see `ml.data.listed` and `ml.data.published`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from ml.data import listed, published
from ml.reports import Reporter
from ml.verbs._spec import Spec, limit_memory


def run(spec: Spec, reporter: Reporter) -> None:
    limit_memory()
    labels = spec.get("normal_labels") or ()
    path = Path(spec["path"])
    if path.is_dir():
        found = published.list_folder(path, labels)
    else:
        found = listed.list_videos(path, spec.get("name", ""), labels)
    reporter.send("listed", values=[video.to_json() for video in found.videos])
    for finding in found.findings:
        reporter.send("finding", **asdict(finding))
    facts = {"annotates": found.annotates, "annotation": found.annotation}
    reporter.send("result", values={"format": "list", **facts})
