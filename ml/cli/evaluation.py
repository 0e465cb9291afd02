"""`python -m ml evaluate`: what scores are worth against the ground truth of a manifest."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from ml.records import Manifest


def add_verb(verbs: Any) -> None:
    evaluate = verbs.add_parser("evaluate", help="compare scores with the manifest's ground truth")
    evaluate.add_argument("--manifest", type=Path, required=True)
    evaluate.add_argument("--scores", type=Path, required=True, help="what score --out was")
    evaluate.add_argument("--part", default="test", choices=("train", "validation", "test"))
    evaluate.add_argument("--json", action="store_true")
    evaluate.set_defaults(run=_evaluate)


def _evaluate(options: argparse.Namespace) -> None:
    from ml.evaluation import Settings, evaluate_videos, scored_videos
    from ml.scoring.videos import load_scores

    videos = Manifest.load(options.manifest).part(options.part)
    scored = scored_videos(videos, load_scores(options.scores))
    outcomes = {
        "none": evaluate_videos(scored, Settings()),
        "per_video": evaluate_videos(scored, Settings(normalisation="per_video")),
    }
    if options.json:
        print(json.dumps({name: each.to_json() for name, each in outcomes.items()}, indent=1))
        return
    print(f"{'':<24}{'raw':>12}{'per video':>12}")
    for name in outcomes["none"].metrics:
        numbers = (_shown(outcome.metrics[name]) for outcome in outcomes.values())
        print(f"{name.replace('_', ' '):<24}" + "".join(f"{number:>12}" for number in numbers))
    for name, count in outcomes["none"].counts.items():
        print(f"{name:<24}{count:>12}")


def _shown(number: float | None) -> str:
    return "undefined" if number is None else f"{number:.4f}"
