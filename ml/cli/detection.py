"""`python -m ml detect` and `detectors`: persons in the videos of a manifest, and by what."""

from __future__ import annotations

import argparse
import csv
import json
from pathlib import Path
from typing import Any

from ml import child
from ml.cli._options import assigned, videos_of
from ml.reports import to_terminal

PARTS = ("train", "validation", "test")
COLUMNS = ("video", "start_frame", "end_frame", "x", "y", "width", "height", "track")


def add_verbs(verbs: Any) -> None:
    detectors = verbs.add_parser("detectors", help="list what finds persons in videos")
    detectors.add_argument("--json", action="store_true", help="with the schemas of their options")
    detectors.set_defaults(run=_detectors)
    detect = verbs.add_parser("detect", help="find persons in videos: a table of regions")
    detect.add_argument("--detector", default="hog")
    detect.add_argument("--set", action="append", default=[], metavar="OPTION=VALUE")
    detect.add_argument(
        "--file", action="append", default=[], metavar="NAME=PATH", help="that the detector takes"
    )
    detect.add_argument("--manifest", type=Path, required=True)
    detect.add_argument("--out", type=Path, required=True, help="folder for regions.csv")
    detect.add_argument("--threads", type=int, help="of the CPU; all cores unless told")
    detect.set_defaults(run=_detect)


def _detectors(options: argparse.Namespace) -> None:
    from ml.detectors import describe

    described = describe()
    if options.json:
        print(json.dumps(described, indent=1))
        return
    for each in described:
        needs = f". Needs {' and '.join(each['files'].values())}" if each["files"] else ""
        print(f"{each['name']:<12} {each['title']}{needs}")
        if each["licence"]:
            print(f"{'':<12} licence: {each['licence']}")
        if each["lacks"]:
            print(f"{'':<12} {each['lacks']}")


def _detect(options: argparse.Namespace) -> int:
    videos = videos_of(options.manifest, *PARTS)
    spec = {
        "verb": "detect",
        "detector": options.detector,
        "options": assigned(options.set),
        "files": {name: str(path) for name, path in assigned(options.file).items()},
        "videos": videos,
        "out_dir": str(options.out),
        "threads": options.threads,
    }
    status = child.run(spec, to_terminal())
    if not status:
        _write_table(videos, options.out)
    return status


def _write_table(videos: list[dict[str, Any]], folder: Path) -> None:
    """As `ml.regions` reads it."""
    with (folder / "regions.csv").open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(COLUMNS)
        for video in videos:
            path = folder / f"{video['id']}.json"
            for piece in json.loads(path.read_text()) if path.exists() else ():
                box = piece["box"]
                table.writerow([
                    video["id"], piece["start_frame"], piece["end_frame"], box["left"], box["top"],
                    box["width"], box["height"], piece["track"],
                ])  # fmt: skip
