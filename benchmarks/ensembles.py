"""Means of runs that `benchmarks.weak` made: of several methods for each seed, of all seeds of one.

    python -m benchmarks.ensembles --dataset Fights

Scores are added up as they are, for each extractor apart, over REST; then the frame AUROC of each
mean, and over seeds its mean and standard deviation. IWAKAN_TOKEN holds a token with the scope
`submit`.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from benchmarks import report
from benchmarks.ped2 import Site

TOGETHER = (
    ("video_classifier", "bilstm_mil"),
    ("video_classifier", "bilstm_mil", "rtfm"),
    ("hl_net", "pel4vad"),
)
ALL_SEEDS = ("video_classifier", "bilstm_mil", "hl_net", "pel4vad", "rtfm")
POLL_SECONDS = 3
Known = Mapping[tuple[str, str, int], str]  # ids of runs by features, method and seed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", default="http://127.0.0.1:8000")
    parser.add_argument("--dataset", required=True)
    parser.add_argument("--notes", default="")
    options = parser.parse_args()
    site = Site(options.url, os.environ["IWAKAN_TOKEN"])
    made = {title: [mixed(site, ids) for ids in means] for title, means in recipes(
        known_runs(site, options.dataset)).items()}  # fmt: skip
    figures = {title: summed_up([figures_of(site, run) for run in runs])
               for title, runs in made.items()}  # fmt: skip
    report.save("ensembles", figures, notes=options.notes)


def known_runs(site: Site, name: str) -> Known:
    """Scored runs of the dataset that trained; the oldest of those that are alike."""
    [dataset] = [one for one in site.call("/api/v1/datasets")["results"] if one["name"] == name]
    found = {}
    for run in runs_of(site):
        is_ours = run["dataset_id"] == dataset["id"] and run["kind"] == "trained"
        if is_ours and run["scored_at"] and run["features"]:
            found[run["features"], run["method"], run["seed"]] = run["id"]
    return found


def runs_of(site: Site) -> Iterator[dict[str, Any]]:
    """The newest first."""
    address: str | None = "/api/v1/runs?limit=100"
    while address:
        page = site.call(address)
        yield from page["results"]
        address = page.get("next")


def recipes(known: Known) -> dict[str, list[list[str]]]:
    """By title the ids that belong together; left out where one of them is missing."""
    seeds = sorted({seed for _features, _method, seed in known})
    found: dict[str, list[list[str]]] = {}
    for features in sorted({features for features, _method, _seed in known}):
        for methods in TOGETHER:
            means = [[known.get((features, each, seed), "") for each in methods] for seed in seeds]
            found[f"{features}: {' + '.join(methods)}"] = [ids for ids in means if all(ids)]
        for method in ALL_SEEDS:
            ids = [known[features, method, seed] for seed in seeds
                   if (features, method, seed) in known]  # fmt: skip
            found[f"{features}: {len(ids)} seeds of {method}"] = [ids] if len(ids) > 1 else []
    return {title: means for title, means in found.items() if means}


def mixed(site: Site, ids: Sequence[str]) -> dict[str, Any]:
    members = [{"run": each, "weight": 1.0, "calibration": "none"} for each in ids]
    run: dict[str, Any] = site.call("/api/v1/virtual-runs", {"recipe": {"members": members}})
    return run


def figures_of(site: Site, run: dict[str, Any]) -> dict[str, Any]:
    """AUROC of its frames and the interval, once it is evaluated."""
    while True:
        for each in site.call(run["evaluation_url"])["results"]:
            if each["protocol"]["slug"] == "frame-raw":
                return {"auroc": each["metrics"]["auroc"], "interval": each["intervals"]["auroc"]}
        time.sleep(POLL_SECONDS)


def summed_up(found: Sequence[dict[str, Any]]) -> dict[str, Any]:
    values = [each["auroc"] for each in found]
    return {
        "n": len(values),
        "auroc": statistics.mean(values),
        "deviation": statistics.stdev(values) if len(values) > 1 else None,
        "interval": found[0]["interval"] if len(values) == 1 else None,
    }


if __name__ == "__main__":
    main()
