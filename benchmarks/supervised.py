"""Supervised methods over labelled clips in a cross-validation, through a running site.

    python -m benchmarks.supervised --folder FIGHTS --dataset "Fight clips" \
        --groups FIGHTS/clips.csv --plan benchmarks/plans/fights_folds.json --seeds 0 1 2

FOLDER, below a data root of the site, holds a folder of clips for each class, one of which says
normal. `--groups` is a table with the columns `clip` and `source`: folds are held out by source.
Every run of the plan is submitted for each seed and fold, all of seed 0 first; the last checkpoint
is scored: nothing chooses by test clips. `--boxes NAME=X,Y,WIDTH,HEIGHT` makes a set of regions,
the same box in every clip, and the plan runs on each set instead of on whole pictures. IWAKAN_TOKEN
holds a token with the scope `submit`.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import statistics
import time
import urllib.request
from collections.abc import Iterator, Sequence
from itertools import product
from pathlib import Path
from typing import Any

from benchmarks import report
from benchmarks.one_class import chosen
from benchmarks.ped2 import Site, duration, import_dataset

POLL_SECONDS = 5
PROTOCOLS = {"clips": ("clip-level", "clip_auroc"), "frames": ("frame-raw", "auroc")}


def main() -> None:
    options = _options()
    site = Site(options.url, os.environ["IWAKAN_TOKEN"])
    dataset, _seconds = import_dataset(site, name=options.dataset, folder=str(options.folder))
    if options.groups:
        put_groups(site, dataset, options.groups)
    folds = folds_of(site, dataset, options.folds, is_grouped=bool(options.groups))
    regions = [region_set(site, dataset, *each.split("=", 1)) for each in options.boxes]
    plan = chosen(json.loads(options.plan.read_text()), options.only)
    ways = list(product(regions or [{"name": "", "id": None}], plan))
    runs = {
        (seed, place): [submitted(site, dataset, fold, way, seed) for fold in folds]
        for seed in options.seeds
        for place, way in enumerate(ways)
    }
    rows = [
        {"regions": region["name"], "title": entry["title"], "method": entry["method"],
         "config": entry["config"]}
        | over_seeds([figures_of(site, runs[seed, place]) | {"seed": seed}
                      for seed in options.seeds])
        for place, (region, entry) in enumerate(ways)
    ]  # fmt: skip
    found = {fold["id"]: [line["text"] for line in fold["report"]] for fold in folds}
    figures = {"dataset_hash": dataset["content_hash"], "folds": found, "rows": rows}
    report.save("supervised", figures, notes=options.notes)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", default="http://127.0.0.1:8000")
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--dataset", required=True, help="imported unless it is there")
    parser.add_argument("--groups", type=Path, help="CSV: clip, source; by class alone if left out")
    parser.add_argument("--plan", type=Path, required=True, help="JSON: title, method, config")
    parser.add_argument(
        "--only", nargs="+", metavar="METHOD", help="of the plan; all of it if left out"
    )
    parser.add_argument("--boxes", nargs="+", default=[], metavar="NAME=X,Y,WIDTH,HEIGHT")
    parser.add_argument("--folds", type=int, default=4)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--notes", default="")
    return parser.parse_args()


def put_groups(site: Site, dataset: dict[str, Any], table: Path) -> None:
    with table.open(newline="") as file:
        rows = [(row["clip"], row["source"]) for row in csv.DictReader(file)]
    text = "".join(f'{clip},"{source}"\n' for clip, source in [("name", "source"), *rows])
    body = json.dumps({"file": table.name, "text": text}).encode()
    path = f"{site.url}/api/v1/datasets/{dataset['id']}/groups"
    request = urllib.request.Request(path, data=body, headers=site.headers, method="PUT")
    with urllib.request.urlopen(request) as answer:
        for line in json.load(answer)["report"]:
            raise SystemExit(f"{line['subject']}: {line['text']}")


def folds_of(
    site: Site, dataset: dict[str, Any], n_folds: int, *, is_grouped: bool
) -> list[dict[str, Any]]:
    """The splits of the cross-validation of this name, in their order; made when there is none."""
    name, path = f"{n_folds} folds", f"/api/v1/datasets/{dataset['id']}/splits"
    known = [split for split in site.call(path)["results"] if split["name"] == name]
    if known:
        return sorted(known, key=lambda split: int(split["fold"]))
    wanted = {"name": name, "n_folds": n_folds, "held_out_by": "source" if is_grouped else ""}
    made: list[dict[str, Any]] = site.call(path, wanted)["results"]
    return made


def region_set(site: Site, dataset: dict[str, Any], name: str, box: str) -> dict[str, Any]:
    """Of this name, `box` in every video; made when there is none."""
    path = f"/api/v1/datasets/{dataset['id']}/region-sets"
    known = [each for each in site.call(path)["results"] if each["name"] == name]
    if not known:
        videos = site.call(f"/api/v1/datasets/{dataset['id']}/videos?limit=100")["results"]
        text = "video,x,y,width,height\n" + "".join(f"{each['name']},{box}\n" for each in videos)
        known = [site.call(path, {"name": name, "file": "boxes.csv", "text": text})]
    return {"name": name, "id": known[0]["id"]}


def submitted(
    site: Site,
    dataset: dict[str, Any],
    fold: dict[str, Any],
    way: tuple[dict[str, Any], dict[str, Any]],
    seed: int,
) -> dict[str, Any]:
    region, entry = way
    wanted = {"dataset": dataset["id"], "split": fold["id"], "seed": seed}
    wanted |= {"region_set": region["id"]} if region["id"] else {}
    wanted |= {key: entry[key] for key in ("method", "config")}
    job: dict[str, Any] = site.call("/api/v1/runs", wanted)
    return job


def figures_of(site: Site, jobs: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Of the runs on all folds: pooled with its interval, and the mean over folds."""
    trained = [site.finished(job) for job in jobs]
    runs = [scored(site, job) for job in trained]
    found = pooled(site, runs[0])
    seconds = sum(duration(job) for job in trained)
    figures = {"runs": [run["id"] for run in runs], "train_seconds": round(seconds, 1)} | dict(
        numbers(found)
    )
    print(json.dumps(figures), flush=True)
    return figures


def scored(site: Site, job: dict[str, Any]) -> dict[str, Any]:
    run: dict[str, Any] = site.call(job["result_url"])
    while not run["scored_at"]:
        site.finished(site.call(run["job_url"]))
        time.sleep(POLL_SECONDS)
        run = site.call(job["result_url"])
    return run


def pooled(site: Site, run: dict[str, Any]) -> dict[str, Any]:
    """The folds of this run, once the job that ends the last of them has pooled their scores."""
    slugs = {slug for slug, _metric in PROTOCOLS.values()}
    while True:
        found: dict[str, Any] = site.call(f"/api/v1/runs/{run['id']}/folds")
        there = {each["protocol"]["slug"] for each in found["results"] if each["pooled"]}
        if slugs <= there:
            return found
        time.sleep(POLL_SECONDS)


def numbers(found: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    by_slug = {each["protocol"]["slug"]: each for each in found["results"]}
    for title, (slug, metric) in PROTOCOLS.items():
        each = by_slug[slug]
        yield (
            title,
            {
                "pooled": each["pooled"][metric],
                "interval": each["intervals"].get(metric),
                "mean_of_folds": each["mean"].get(metric),
                "deviation_of_folds": each["deviation"].get(metric),
            },
        )


def over_seeds(found: Sequence[dict[str, Any]]) -> dict[str, Any]:
    values = {title: [each[title]["pooled"] for each in found] for title in PROTOCOLS}
    return {
        "seeds": list(found),
        **{
            title: {
                "mean": statistics.mean(each),
                "deviation": statistics.stdev(each) if len(each) > 1 else None,
            }
            for title, each in values.items()
        },
    }


if __name__ == "__main__":
    main()
