"""Weakly supervised methods on one dataset with videos, from pixels, through a running site.

    python -m benchmarks.weak --folder FOLDER --dataset NAME --plan benchmarks/plans/fights.json

FOLDER, below a data root of the site, has videos and a manifest. Features are made of them by
`python -m ml extract` into `FOLDER-features/EXTRACTOR` beside it, registered as feature sets, and
every sweep of the plan runs on each. Those of `--beside` read the videos themselves and are scored
on the same test frames; with them each row is compared with the first of these, too. The last
checkpoint is scored: nothing chooses by test videos. Sweeps that were submitted before are taken up
again; `--as-it-is` waits for none and tells what is scored.
IWAKAN_TOKEN holds a token with the scope `submit`.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks import report
from benchmarks.one_class import against_first, chosen, figures_of, finished, submit
from benchmarks.ped2 import Site, import_dataset
from ml.naming import VIDEO_ENDINGS
from ml.records import Manifest, VideoRecord

SEED = 7


def main() -> None:
    options = _options()
    site = Site(options.url, os.environ["IWAKAN_TOKEN"])
    dataset, _seconds = import_dataset(site, name=options.dataset, folder=str(options.folder))
    plan = chosen(json.loads(options.plan.read_text()), options.only)
    common = {"dataset": dataset["id"], "seeds": options.seeds}
    sweeps = []
    for extractor in options.extractors:
        rows = options.frames_per_row
        features = registered(site, dataset, options.folder, extractor, frames_per_row=rows)
        with_features = common | {"feature_set": features}
        sweeps += [(extractor, submit(site, common=with_features, entry=entry)) for entry in plan]
    beside = json.loads(options.beside.read_text()) if options.beside else []
    sweeps += [("", submit(site, common=common, entry=entry)) for entry in beside]
    ended = site.call if options.as_it_is else partial(finished, site)
    found = [
        {"extractor": extractor} | figures_of(site, ended(sweep["url"]))
        for extractor, sweep in sweeps
    ]
    figures = {"dataset_hash": dataset["content_hash"], "sweeps": found}
    figures |= {"paired": against_first(site, found)}
    if beside:
        others, ours = found[-len(beside) :], found[: -len(beside)]
        figures |= {"paired_to_beside": against_first(site, [*others, *ours])}
    report.save("weak", figures, notes=options.notes)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", default="http://127.0.0.1:8000")
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--dataset", required=True, help="imported unless it is there")
    parser.add_argument("--plan", type=Path, required=True, help="JSON: a list of sweeps")
    parser.add_argument(
        "--only", nargs="+", metavar="METHOD", help="of the plan; all of it if left out"
    )
    parser.add_argument("--beside", type=Path, help="JSON: sweeps of methods without features")
    parser.add_argument("--frames-per-row", type=int, default=16)
    parser.add_argument("--extractors", nargs="+", default=["flow_gradients", "mobilenet_v2"])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2, 3, 4])
    parser.add_argument("--as-it-is", action="store_true", help="whatever goes on yet")
    parser.add_argument("--notes", default="")
    return parser.parse_args()


def registered(
    site: Site, dataset: dict[str, Any], folder: Path, extractor: str, *, frames_per_row: int
) -> str:
    """Id of the feature set of this extractor; made when there is none."""
    path = f"/api/v1/datasets/{dataset['id']}/feature-sets"
    known = [each for each in site.call(path)["results"] if each["name"] == extractor]
    if known:
        return str(known[0]["id"])
    made = folder.with_name(f"{folder.name}-features") / extractor
    facts = extracted(folder, made, extractor, frames_per_row=frames_per_row)
    wanted = {
        "name": extractor,
        "folder": str(made),
        "extractor": facts["extractor"],
        "frames_per_row": facts["frames_per_row"],
        "weights_sha256": facts["weights_sha256"],
    }
    job = site.finished(site.call(path, wanted))
    return str(site.call(job["result_url"])["id"])


def extracted(folder: Path, made: Path, extractor: str, *, frames_per_row: int) -> dict[str, Any]:
    """Features of all videos below `folder`, named as the site names these."""
    made.mkdir(parents=True, exist_ok=True)
    videos = [
        VideoRecord(id=path.stem, path=str(path))
        for path in sorted(folder.rglob("*"))
        if path.suffix.lower() in VIDEO_ENDINGS
    ]
    named = made / "videos.json"
    Manifest(videos=tuple(replace(video, part="test") for video in videos)).save(named)
    command = [sys.executable, "-m", "ml", "extract", "--extractor", extractor]
    command += ["--frames-per-row", str(frames_per_row), "--manifest", str(named)]
    subprocess.run([*command, "--out", str(made)], check=True)
    facts: dict[str, Any] = json.loads((made / "extraction.json").read_text())
    return facts


if __name__ == "__main__":
    main()
