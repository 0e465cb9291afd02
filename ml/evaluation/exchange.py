"""What a process that evaluates is given, in two files: facts, and arrays as they are stored."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from ml.evaluation.material import Material, VideoTruth
from ml.records import Interval, Scores
from ml.scores.fusion import Recipe
from ml.scores.sources import Source

ARRAYS = ".bin"  # ends the name of the file that lies beside the facts
ALIGNED = 8  # bytes: where arrays begin, so that NumPy computes with them as with any other
Facts = dict[str, Any]


def save_material(material: Material, path: Path) -> None:
    """Write facts as JSON to `path`; nothing is computed, arrays are written byte by byte."""
    with path.with_suffix(ARRAYS).open("wb") as file:
        arrays = _Arrays(file)
        facts = {
            "runs": material.runs,
            "has_validation": material.has_validation,
            "is_pooled": material.is_pooled,
            "sources": {run: _of_source(each, arrays) for run, each in material.sources.items()},
            "truths": [_of_truth(each, arrays) for each in material.truths],
        }
    path.write_text(json.dumps(facts))


def load_material(path: Path) -> Material:
    facts = json.loads(path.read_text())
    data = memoryview(path.with_suffix(ARRAYS).read_bytes())
    return Material(
        runs=tuple(facts["runs"]),
        has_validation=facts["has_validation"],
        is_pooled=facts["is_pooled"],
        sources={run: _source(each, data) for run, each in facts["sources"].items()},
        truths=[_truth(each, data) for each in facts["truths"]],
    )


@dataclass
class _Arrays:
    """One after another in a file; each is known by its first byte and the one after its last."""

    file: BinaryIO
    end: int = 0  # of what is written

    def add(self, array: bytes) -> tuple[int, int]:
        start, stop = self.end, self.end + len(array)
        self.end = -(-stop // ALIGNED) * ALIGNED
        self.file.write(array + bytes(self.end - stop))
        return start, stop


def _of_source(source: Source, arrays: _Arrays) -> Facts:
    return {
        "test": _of_scores(source.test, arrays),
        "validation": _of_scores(source.validation, arrays),
        "recipe": source.recipe and source.recipe.to_json(),
        "lowest": source.lowest,
        "highest": source.highest,
    }


def _source(facts: Facts, data: memoryview) -> Source:
    recipe = facts["recipe"]
    return Source(
        test=_scores(facts["test"], data),
        validation=_scores(facts["validation"], data),
        recipe=recipe and Recipe.from_json(recipe),
        lowest=facts["lowest"],
        highest=facts["highest"],
    )


def _of_scores(scores: Mapping[str, Scores], arrays: _Arrays) -> Facts:
    return {
        video_id: [arrays.add(each.to_bytes()), _layout(each)] for video_id, each in scores.items()
    }


def _layout(scores: Scores) -> Facts:
    return {
        "first_frame": scores.first_frame,
        "frames_per_value": scores.frames_per_value,
        "is_double": scores.is_double,
    }


def _scores(facts: Facts, data: memoryview) -> dict[str, Scores]:
    return {
        video_id: Scores.from_bytes(data[slice(*place)], **layout)
        for video_id, (place, layout) in facts.items()
    }


def _of_truth(truth: VideoTruth, arrays: _Arrays) -> Facts:
    return {
        "video_id": truth.video_id,
        "n_frames": truth.n_frames,
        "label": truth.label,
        "intervals": [asdict(each) for each in truth.intervals],
        "fps": truth.fps,
        "times": arrays.add(truth.times.astype("<f8", copy=False).tobytes()),
    }


def _truth(facts: Facts, data: memoryview) -> VideoTruth:
    intervals = tuple(Interval(**each) for each in facts["intervals"])
    times = np.frombuffer(data[slice(*facts["times"])], "<f8")
    return VideoTruth(**facts | {"intervals": intervals, "times": times})
