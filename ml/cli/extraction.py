"""`python -m ml extract`: features of the videos of a manifest."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any, get_args

from ml import child
from ml.cli._options import places_of, videos_of
from ml.extraction.segments import Remainder
from ml.reports import to_terminal

PARTS = ("train", "validation", "test")


def add_verb(verbs: Any) -> None:
    extract = verbs.add_parser("extract", help="make features of videos, and a manifest of them")
    extract.add_argument("--extractor", default="flow_gradients")
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


def _extract(options: argparse.Namespace) -> int:
    spec = {
        "verb": "extract",
        "extractor": options.extractor,
        "videos": videos_of(options.manifest, *PARTS),
        "frames_per_row": options.frames_per_row,
        "remainder": options.remainder,
    }
    return child.run(spec | places_of(options), to_terminal())
