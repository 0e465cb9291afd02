"""`python -m ml extract` and `extractors`: features of the videos of a manifest, and by what."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any, get_args

from ml import child
from ml.cli._options import assigned, places_of, videos_of
from ml.extraction.segments import Remainder
from ml.reports import to_terminal

PARTS = ("train", "validation", "test")


def add_verbs(verbs: Any) -> None:
    extractors = verbs.add_parser("extractors", help="list what makes features of videos")
    extractors.add_argument("--json", action="store_true", help="with the schemas of their options")
    extractors.set_defaults(run=_extractors)
    _add_extract(verbs)


def _add_extract(verbs: Any) -> None:
    extract = verbs.add_parser("extract", help="make features of videos, and a manifest of them")
    extract.add_argument("--extractor", default="flow_gradients")
    extract.add_argument("--set", action="append", default=[], metavar="OPTION=VALUE")
    extract.add_argument("--weights", type=Path, help="of a network, as published elsewhere")
    extract.add_argument("--manifest", type=Path, required=True)
    extract.add_argument("--out", type=Path, required=True, help="folder for the features")
    extract.add_argument("--frames-per-row", type=int, default=16)
    extract.add_argument(
        "--remainder", default="drop", choices=get_args(Remainder),
        help="of frames too few for another row; repeat: their last one until they are enough",
    )  # fmt: skip
    extract.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:1, …")
    extract.add_argument("--threads", type=int, help="of the CPU; all cores unless told")
    extract.set_defaults(run=_extract)


def _extractors(options: argparse.Namespace) -> None:
    from ml.extraction import describe

    described = describe()
    if options.json:
        print(json.dumps(described, indent=1))
        return
    for each in described:
        needs = ". Needs a file of weights" if each["takes_weights"] else ""
        print(f"{each['name']:<20} {each['title']} ({each['dimension']} numbers){needs}")


def _extract(options: argparse.Namespace) -> int:
    spec = {
        "verb": "extract",
        "extractor": options.extractor,
        "options": assigned(options.set),
        "weights": str(options.weights) if options.weights else None,
        "videos": videos_of(options.manifest, *PARTS),
        "frames_per_row": options.frames_per_row,
        "remainder": options.remainder,
    }
    return child.run(spec | places_of(options), to_terminal())
