"""`python -m ml demo-data`, `survey` and `probe`: datasets made and looked at."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from ml.reports import to_terminal


def add_verbs(verbs: Any) -> None:
    demo = verbs.add_parser("demo-data", help="render the demo dataset")
    demo.add_argument("out", type=Path)
    demo.add_argument("--seed", type=int, default=0)
    demo.set_defaults(run=_demo_data)

    survey = verbs.add_parser("survey", help="look at a dataset and write its manifest")
    survey.add_argument("folder", type=Path)
    survey.add_argument("--out", type=Path, required=True, help="for manifest, proxies, posters")
    survey.add_argument(
        "--frame-numbers", choices=("order",), default="",
        help="order: pictures of folders count as they lie, whatever numbers their names bear",
    )  # fmt: skip
    survey.set_defaults(run=_survey)

    probe = verbs.add_parser("probe", help="decode a video and print what it holds")
    probe.add_argument("file", type=Path)
    probe.add_argument("--contact-sheet", type=Path, help="JPEG to write, 12 frames in a row")
    probe.set_defaults(run=_probe)


def _demo_data(options: argparse.Namespace) -> None:
    from ml.data.corridor import render

    render(options.out, seed=options.seed)


def _survey(options: argparse.Namespace) -> None:
    from ml.data.survey import survey_to_manifest

    manifest = survey_to_manifest(
        options.folder, options.out, to_terminal(), frame_numbers=options.frame_numbers
    )
    manifest.save(options.out / "manifest.json")


def _probe(options: argparse.Namespace) -> None:
    from ml.data.video.examine import facts_of
    from ml.data.video.thumbnails import quick_sheet

    print(json.dumps(facts_of(options.file), indent=1))
    if options.contact_sheet:
        quick_sheet(options.file, options.contact_sheet)
