"""One build lays each form of ground truth once and prints the CPU seconds as JSON.

Runs with the build's folder first on the path, so that it may be an older one.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

try:
    from ml.data.truth.alignment import align as _align
    from ml.data.truth.claims import Annotations, Claim
    from ml.data.truth.videos import KnownVideo, VideoSet

    NAME = "path"

    def align(annotations: Any, videos: Sequence[Any], **more: Any) -> Any:
        return _align(annotations, VideoSet(videos), **more)
except ModuleNotFoundError:  # as it was before
    from ml.data.alignment import KnownVideo, align  # type: ignore[no-redef, import-not-found]
    from ml.data.annotations._base import (  # type: ignore[no-redef, import-not-found]
        Annotations,
        Claim,
    )

    NAME = "name"
from ml.records import Interval

FPS = 30.0
SHORTER = 0.3  # of the videos lose their last segment in the vector that no rule explains
SEED = 0


class Forms:
    """The same events of all videos, written in every form."""

    def __init__(self, counts: Sequence[int]) -> None:
        self.names = [f"Class{i % 14}/Video{i:04}_x264" for i in range(len(counts))]
        self.videos = [
            KnownVideo(name=name, n_frames=n, part="test", fps=FPS, sha256=str(i))
            for i, (name, n) in enumerate(zip(self.names, counts, strict=True))
        ]
        self.events = [(n // 5, n * 2 // 5) for n in counts]
        self.labels = [_whole(n, event) for n, event in zip(counts, self.events, strict=True)]
        self.reference = {
            name: (Interval(start_frame=start, end_frame=end),)
            for name, (start, end) in zip(self.names, self.events, strict=True)
        }

    def claims(self, of_event: Callable[[int], dict[str, Any]]) -> Any:
        names = (name.rpartition("/")[2] for name in self.names)
        given: list[dict[str, Any]] = [{NAME: name} | of_event(i) for i, name in enumerate(names)]
        return Annotations(claims=tuple(Claim(**each) for each in given))

    def intervals(self, i: int) -> dict[str, Any]:
        start, end = self.events[i]
        return {"intervals": (Interval(start_frame=start, end_frame=end, label="x"),)}

    def seconds(self, i: int) -> dict[str, Any]:
        start, end = self.events[i]
        return {"seconds": ((start / FPS, end / FPS, "x"),)}

    def arrays(self, i: int) -> dict[str, Any]:
        return {"labels": self.labels[i], "n_frames": len(self.labels[i])}

    def vector(self, *, is_irregular: bool) -> Any:
        drawn = np.random.default_rng(SEED).random(len(self.labels)) < SHORTER
        cut = [
            each[:-16] if is_irregular and is_drawn and len(each) > 32 else each
            for each, is_drawn in zip(self.labels, drawn, strict=True)
        ]
        return Annotations(vector=np.concatenate(cut))


def _whole(n_frames: int, event: tuple[int, int]) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Labels of the whole segments of 16 frames."""
    labels = np.zeros(max(16, n_frames // 16 * 16), np.uint8)
    labels[event[0] : event[1]] = 1
    return labels


def main() -> None:
    forms = Forms(json.loads(Path(sys.argv[1]).read_text()))
    known = {"reference": forms.reference}
    cases: dict[str, tuple[Any, dict[str, Any]]] = {
        "intervals": (forms.claims(forms.intervals), known),
        "seconds": (forms.claims(forms.seconds), {}),
        "arrays of labels": (forms.claims(forms.arrays), {}),
        "one vector": (forms.vector(is_irregular=False), known),
        "one vector that no rule explains": (forms.vector(is_irregular=True), known),
    }
    print(json.dumps({name: _cpu_seconds(forms, *case) for name, case in cases.items()}))


def _cpu_seconds(forms: Forms, annotations: Any, more: dict[str, Any]) -> float:
    start = time.process_time()
    align(annotations, forms.videos, **more)
    return time.process_time() - start


if __name__ == "__main__":
    main()
