"""Weakly supervised methods at the size of UCF-Crime, through a running site.

    python -m benchmarks.full_size --folder FOLDER --training TRAIN.txt --annotations TEST.txt \
        --plan benchmarks/plans/full_size.json

FOLDER, below a data root of the site, takes the features: float16, one crop, as many rows as the
videos of the lists have (`benchmarks.planted`). TRAIN.txt and TEST.txt are published lists with
numbers of frames. For each share of wrong labels a dataset without files is made, with the same
features and ground truth, and every run of the plan is submitted on it. The last checkpoint is
scored: nothing chooses by test videos. IWAKAN_TOKEN holds a token with the scope `submit`.
"""

from __future__ import annotations

import argparse
import json
import os
import time
import urllib.request
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import numpy as np

from benchmarks import planted, report
from benchmarks.one_class import chosen
from benchmarks.ped2 import Site, duration, headline

FPS = 30
WINDOWS = (4, 8, 16, 32)
BAG = 32  # rows that share a score of the Video Classifier
POLL_SECONDS = 2


def main() -> None:
    options = _options()
    site = Site(options.url, os.environ["IWAKAN_TOKEN"])
    rng = np.random.default_rng(options.seed)
    videos = planted.read_videos(options.training, options.annotations, rng)
    kinds = sorted({video.kind for video in videos if video.kind})
    world = planted.World(kinds, options.dimension, options.signal, options.seed)
    features = options.folder / "features"
    began = time.perf_counter()
    planted.write(world, videos, features)
    made_seconds = time.perf_counter() - began
    optimum = planted.optimum(world, videos, features, WINDOWS, BAG)
    plan = chosen(json.loads(options.plan.read_text()), options.only)
    levels = [begun(site, options, plan, videos, share) for share in options.noise]
    for level in levels:  # those of all levels are on their way by now
        level["runs"] = [figures_of(site, run, optimum["row alone"]) for run in level["runs"]]
    figures = {
        "videos": shape(videos),
        "dimension": options.dimension,
        "signal": options.signal,
        "made_seconds": round(made_seconds, 1),
        "optimum": optimum,
        "levels": levels,
    }
    report.save("full_size", figures, seed=options.seed, notes=options.notes)


def begun(
    site: Site,
    options: argparse.Namespace,
    plan: list[dict[str, Any]],
    videos: list[planted.Planted],
    share: float,
) -> dict[str, Any]:
    """A level of wrong labels, its runs submitted."""
    labelled = planted.mislabelled(videos, share, np.random.default_rng((options.seed, 2)))
    name = f"{options.dataset} {share:g}"
    data = registered(site, labelled, options.folder, options.folder / "features", name=name)
    runs = [submitted(site, data, entry, options.seed) for entry in plan]
    return {"wrong_labels": share, "runs": runs} | data


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", default="http://127.0.0.1:8000")
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--training", type=Path, required=True)
    parser.add_argument("--annotations", type=Path, required=True)
    parser.add_argument("--plan", type=Path, required=True, help="JSON: a list of runs")
    parser.add_argument(
        "--only", nargs="+", metavar="METHOD", help="of the plan; all of it if left out"
    )
    parser.add_argument("--dataset", default="Planted")
    parser.add_argument("--noise", type=float, nargs="+", default=[0.0, 0.1])
    parser.add_argument("--signal", type=float, default=2.5, help="in deviations of the noise")
    parser.add_argument("--dimension", type=int, default=2048)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--notes", default="")
    return parser.parse_args()


def shape(videos: list[planted.Planted]) -> dict[str, Any]:
    of_part = {part: [each for each in videos if each.part == part] for part in ("train", "test")}
    return {
        part: {
            "n_videos": len(found),
            "n_abnormal": sum(bool(each.kind) for each in found),
            "n_frames": sum(each.n_frames for each in found),
            "n_rows": sum(each.n_rows for each in found),
            "n_event_rows": sum(int(each.is_event.sum()) for each in found if each.kind),
        }
        for part, found in of_part.items()
    }


def registered(
    site: Site, videos: list[planted.Planted], folder: Path, features: Path, *, name: str
) -> dict[str, Any]:
    """Ids of a dataset of these videos, its split and its features; made unless it is there."""
    known = [each for each in site.call("/api/v1/datasets")["results"] if each["name"] == name]
    dataset = site.call(f"/api/v1/datasets/{known[0]['id']}") if known else None
    if dataset is None:
        dataset = listed_dataset(site, videos, folder, name=name)
    path = f"/api/v1/datasets/{dataset['id']}/feature-sets"
    sets = [each for each in site.call(path)["results"] if each["state"] == "ready"]
    if not sets:
        wanted = {"name": "planted", "folder": str(features), "extractor": "planted"}
        sets = [site.call(site.finished(site.call(path, wanted))["result_url"])]
    return {
        "dataset": dataset["id"],
        "split": dataset["splits"][0]["id"],
        "feature_set": sets[0]["id"],
    }


def listed_dataset(
    site: Site, videos: list[planted.Planted], folder: Path, *, name: str
) -> dict[str, Any]:
    """Without files, with the events of the test videos as its ground truth."""
    listed, events = planted.save_lists(videos, folder, name.replace(" ", "-"))
    query = {"name": name, "list_name": listed.name, "fps": FPS}
    job = site.finished(send(site, f"/api/v1/listed-datasets?{urlencode(query)}", listed))
    dataset: dict[str, Any] = site.call(job["result_url"])
    accept_ground_truth(site, dataset, events)
    return dataset


def accept_ground_truth(site: Site, dataset: dict[str, Any], events: Path) -> None:
    path = f"/api/v1/datasets/{dataset['id']}/annotation-imports?{urlencode({'name': events.name})}"
    draft = send(site, path, events)
    while draft["state"] == "reading":
        time.sleep(POLL_SECONDS)
        draft = site.call(draft["url"])
    if draft["state"] != "draft":
        raise SystemExit(f"{events.name}: {draft['reason']}")
    repairs = list(site.call(draft["url"])["needed_repairs"])
    site.call(f"{draft['url']}/accept", {"repairs": repairs})


def send(site: Site, path: str, file: Path) -> Any:
    """A file as the body."""
    headers = site.headers | {"Content-Type": "application/octet-stream"}
    request = urllib.request.Request(site.url + path, data=file.read_bytes(), headers=headers)
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def submitted(site: Site, data: dict[str, Any], entry: dict[str, Any], seed: int) -> dict[str, Any]:
    named = {key: data[key] for key in ("dataset", "split", "feature_set")}
    job: dict[str, Any] = site.call("/api/v1/runs", named | {"seed": seed} | entry)
    return job


def figures_of(site: Site, job: dict[str, Any], optimum: float) -> dict[str, Any]:
    """Also of a run that failed: its reason, so that the others are not lost."""
    try:
        found = scored_figures(site, job, optimum)
    except SystemExit as error:
        found = {"failed": str(error)}
    print(json.dumps(found), flush=True)
    return found


def scored_figures(site: Site, job: dict[str, Any], optimum: float) -> dict[str, Any]:
    trained = site.finished(job)
    run = site.call(trained["result_url"])
    while not run["scored_at"]:
        site.finished(site.call(run["job_url"]))
        run = site.call(trained["result_url"])
        time.sleep(POLL_SECONDS)
    evaluations = evaluated(site, run)
    raw = headline(evaluations)["frame-raw"]
    first = next(e for e in evaluations["results"] if e["protocol"]["slug"] == "frame-raw")
    return {
        "run": run["id"],
        "method": run["method"],
        "config": run["config"],
        "device": trained["provenance"].get("device_name"),
        "train_seconds": duration(trained),
        "score_seconds": duration(site.call(run["job_url"])),
        "auroc": raw["auroc"],
        "interval": first["intervals"].get("auroc"),
        "average_precision": raw["average_precision"],
        "below_row_optimum": optimum - raw["auroc"],
        "kinds": {each["label"]: each["auroc_against_normal"] for each in first["per_class"]},
    }


def evaluated(site: Site, run: dict[str, Any]) -> dict[str, Any]:
    """Evaluations of the run; its scores are stored before they are evaluated."""
    while not (found := site.call(run["evaluation_url"]))["results"]:
        time.sleep(POLL_SECONDS)
    return dict(found)


if __name__ == "__main__":
    main()
