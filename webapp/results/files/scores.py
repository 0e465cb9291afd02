"""The scores of a run as a file that can be uploaded again, and gives the same numbers.

Those of validation videos come along, since thresholds are chosen on them.
"""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.text import slugify

from ml.records import Scores
from webapp.datasets.models import Part, Video
from webapp.datasets.order import clips_in_order
from webapp.results.files.tables import harmless
from webapp.results.models import ScoreSet
from webapp.results.scores.reading import read_scores, read_validation

INDEX = "scores.json"
CHUNK = 65_536


@dataclass(frozen=True, kw_only=True)
class Scored:
    video: Video
    scores: Scores

    @property
    def layout(self) -> dict[str, Any]:
        """Where its values belong, in the words that an upload understands."""
        scores, n_frames = self.scores, self.video.n_frames
        end = scores.first_frame + len(scores.values) * scores.frames_per_value
        return {
            "first_frame": scores.first_frame,
            "frames_per_value": scores.frames_per_value,
            "missing_at_end": max(0, n_frames - max(end, scores.first_frame)),
            "missing": "allowed" if scores.has_gaps else "",
            "n_frames": n_frames,
        }

    @property
    def frames(self) -> list[float | None]:
        """One for each frame, all digits, None where it has no score."""
        return _numbers(self.scores.to_frames(self.video.n_frames))


def score_file(score_set: ScoreSet, format: str) -> HttpResponseBase:
    """Raise Http404 where no such format is known. `score_set.run` should come joined."""
    if format not in FORMATS:
        raise Http404(f"no such format: {format}")
    content_type, write = FORMATS[format]
    rows = scored_in_order(score_set)
    name = f"{slugify(score_set.run.name) or 'scores'}-scores.{format}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    if format == "zip":
        return HttpResponse(to_zip(score_set, rows), content_type=content_type, headers=headers)
    return StreamingHttpResponse(write(score_set, rows), content_type=content_type, headers=headers)


def scored_in_order(score_set: ScoreSet) -> list[Scored]:
    """Test videos first, then those of validation, each in the order of their part."""
    split = score_set.run.split
    found = read_scores(score_set) | (
        read_validation(score_set) if score_set.validation_hash else {}
    )
    videos = [each for part in (Part.TEST, Part.VALIDATION) for each in clips_in_order(split, part)]
    videos += Video.objects.without_times().filter(
        pk__in=found.keys() - {video.pk for video in videos}
    )
    return [Scored(video=each, scores=found[each.pk]) for each in videos if each.pk in found]


def to_csv(_score_set: ScoreSet, rows: list[Scored]) -> Iterator[str]:
    """A row for each frame; the cell is empty where it has no score."""
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(["video", "frame", "score"])
    for row in rows:
        name = harmless(row.video.name)
        for frame, score in enumerate(row.frames):
            writer.writerow([name, frame, score])
            if file.tell() > CHUNK:
                yield _taken(file)
    yield _taken(file)


def _taken(file: io.StringIO) -> str:
    text = file.getvalue()
    file.seek(0)
    file.truncate()
    return text


def to_json(_score_set: ScoreSet, rows: list[Scored]) -> Iterator[str]:
    """By name, the values as they are stored and where they belong."""
    comma = "{"
    for row in rows:
        value = {"scores": _numbers(row.scores.values)} | row.layout
        yield f"{comma}\n{json.dumps(row.video.name)}: {json.dumps(value, allow_nan=False)}"
        comma = ","
    yield "\n}\n" if rows else "{}\n"


def to_zip(score_set: ScoreSet, rows: list[Scored]) -> bytes:
    """An array for each video, as they are stored, and an index that names them."""
    file, index = io.BytesIO(), {}
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, row in enumerate(rows):
            name = f"scores-{number:05d}.npy"
            with archive.open(name, "w") as member:
                np.lib.format.write_array(member, row.scores.values, allow_pickle=False)
            index[row.video.name] = {"file": name} | row.layout
        facts = {"rule": score_set.rule, "scores": index}
        archive.writestr(INDEX, json.dumps(facts, indent=1, ensure_ascii=False))
    return file.getvalue()


def _numbers(values: np.ndarray[Any, Any]) -> list[float | None]:
    """JSON and CSV know no NaN."""
    listed = values.tolist()
    return [None if each != each else each for each in listed] if np.isnan(values).any() else listed


FORMATS: dict[str, tuple[str, Callable[[ScoreSet, list[Scored]], Any]]] = {
    "zip": ("application/zip", to_zip),
    "json": ("application/json", to_json),
    "csv": ("text/csv; charset=utf-8", to_csv),
}
