"""All one-class methods on one dataset, each a sweep over seeds, through a running site.

    python -m benchmarks.one_class --folder ped2 --plan benchmarks/plans/ped2.json --seeds 0 1 2

IWAKAN_TOKEN holds a token with the scope `submit`. A share of the normal training videos is held
out, and the checkpoint with the lowest loss on them is scored; with a share of 0 all train, and the
last checkpoint is scored. The test part chooses nothing.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from pathlib import Path
from typing import Any

from benchmarks import report
from benchmarks.ped2 import Site, import_dataset

POLL_SECONDS = 5
PROTOCOLS = {"raw": "frame-raw", "per video": "frame-per-video"}


def chosen(plan: list[dict[str, Any]], methods: list[str] | None) -> list[dict[str, Any]]:
    return [entry for entry in plan if methods is None or entry["method"] in methods]


def held_out(site: Site, dataset: dict[str, Any], share: float) -> str:
    """Id of the split with validation videos; made when there is none of this name."""
    name = f"validation {share:g}"
    path = f"/api/v1/datasets/{dataset['id']}/splits"
    known = [split for split in site.call(path)["results"] if split["name"] == name]
    made = known or site.call(path, {"name": name, "validation_share": share})["results"]
    return str(made[0]["id"])


def submit(site: Site, *, common: dict[str, Any], entry: dict[str, Any]) -> dict[str, Any]:
    """One that was submitted before is taken up again, unless all of it was cancelled."""
    wanted = common | entry
    query = f"dataset={wanted['dataset']}&method={wanted['method']}&limit=100"
    for each in site.call(f"/api/v1/sweeps?{query}")["results"]:
        if is_same(each, wanted) and (each["n_scored"] or each["n_going_on"]):
            return dict(each)
    answer: dict[str, Any] = site.call("/api/v1/sweeps", wanted)
    return answer


def is_same(sweep: dict[str, Any], wanted: dict[str, Any]) -> bool:
    asked = {
        "feature_set_id": wanted.get("feature_set"),
        "config": wanted["config"],
        "grid": wanted.get("grid", {}),
        "seeds": wanted["seeds"],
        "split_id": wanted.get("split", sweep["split_id"]),
    }
    return all(sweep[name] == value for name, value in asked.items())


def finished(site: Site, url: str) -> dict[str, Any]:
    """Wait until no run of the sweep goes on."""
    while True:
        sweep: dict[str, Any] = site.call(url)
        if not sweep["n_going_on"]:
            return sweep
        time.sleep(POLL_SECONDS)


def figures_of(site: Site, sweep: dict[str, Any]) -> dict[str, Any]:
    runs = site.call(sweep["runs_url"] + "&limit=100")["results"]
    tables = {
        title: site.call(f"{sweep['url']}?protocol={slug}") for title, slug in PROTOCOLS.items()
    }
    return {
        "sweep": sweep["id"],
        "method": sweep["method"],
        "config": sweep["config"],
        "unscored": [run["id"] for run in runs if not run["scored_at"]],
        "ended_at": max((run["scored_at"] for run in runs if run["scored_at"]), default=None),
        "rows": rows_of(tables),
    }


def rows_of(tables: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """Per configuration its AUROC under each protocol: mean, deviation and n over the seeds."""
    first = next(iter(tables.values()))
    rows = [{"config": row["config"], "runs": row["run_ids"]} for row in first["rows"]]
    for title, table in tables.items():
        for row, found in zip(rows, table["rows"], strict=True):
            row[title] = next(
                (each for each in found["numbers"] if each["metric"] == "auroc"), None
            )
    return rows


def against_first(site: Site, sweeps: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """AUROC of the first seed minus that of the first sweep's first row, paired over videos.

    Without rows whose first seed is not scored; nothing where that is the first row.
    """
    unscored = {run for sweep in sweeps for run in sweep["unscored"]}
    rows = [row for sweep in sweeps for row in sweep["rows"] if row["runs"][0] not in unscored]
    if sweeps[0]["rows"][0]["runs"][0] in unscored:
        return []
    return [
        {"run": row["runs"][0], "protocol": title}
        | (paired(site, rows[0]["runs"][0], row["runs"][0], slug) or {})
        for title, slug in PROTOCOLS.items()
        for row in rows[1:]
    ]


def paired(site: Site, first: str, other: str, protocol: str) -> dict[str, Any] | None:
    answer = site.call(f"/api/v1/comparisons?run={first}&run={other}&protocol={protocol}")
    [cells] = [row["cells"] for row in answer["metrics"] if row["metric"] == "auroc"]
    found: dict[str, Any] | None = cells[1]["paired"]
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", default="http://127.0.0.1:8000")
    parser.add_argument("--folder", required=True, help="on the server, below a data root")
    parser.add_argument("--dataset", default="UCSD Ped2", help="imported unless it is there")
    parser.add_argument("--plan", type=Path, required=True, help="JSON: a list of sweeps")
    parser.add_argument(
        "--only", nargs="+", metavar="METHOD", help="of the plan; all of it if left out"
    )
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--validation-share", type=float, default=0.15)
    parser.add_argument("--notes", default="")
    options = parser.parse_args()
    site = Site(options.url, os.environ["IWAKAN_TOKEN"])
    dataset, _seconds = import_dataset(site, name=options.dataset, folder=options.folder)
    common = {"dataset": dataset["id"], "seeds": options.seeds}
    if options.validation_share:
        split = held_out(site, dataset, options.validation_share)
        common |= {"split": split, "selection": "validation"}
    plan = chosen(json.loads(options.plan.read_text()), options.only)
    submitted = [submit(site, common=common, entry=entry) for entry in plan]
    sweeps = [figures_of(site, finished(site, sweep["url"])) for sweep in submitted]
    figures = {"dataset_hash": dataset["content_hash"], "began_at": submitted[0]["created_at"]}
    figures |= {"sweeps": sweeps}
    report.save("one_class", figures | {"paired": against_first(site, sweeps)}, notes=options.notes)


if __name__ == "__main__":
    main()
