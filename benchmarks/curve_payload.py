"""A score curve of one and of ten million frames as a payload for the browser.

Ours is what the video page sends, from stored bytes to JSON, whole and zoomed in. The peer is
Plotly's own figure of all points, as plotly.py serialises it. Run from the repository root:

    python -m benchmarks.curve_payload
"""

from __future__ import annotations

import json
import os
import statistics
from typing import Any

import django
import numpy as np
import plotly.graph_objects
import plotly.io
from numpy.typing import NDArray

from benchmarks import report
from ml.records import Scores
from webapp.results.figures.downsample import min_max

SIZES = (1_000_000, 10_000_000)
MAX_POINTS = 2_000
ZOOM = 0.1  # the share of the video that is zoomed into
ROUNDS = 11
SEED = 0


def main() -> None:
    report.save("curve_payload", {f"{n}_frames": measure(n) for n in SIZES}, seed=SEED)


def measure(n_frames: int) -> dict[str, Any]:
    values = np.random.default_rng(SEED).normal(size=n_frames).cumsum().astype(np.float32)
    stored = Scores(values=values).to_bytes()
    middle = n_frames // 2
    zoomed = (middle, middle + round(ZOOM * n_frames))
    check_extremes(values)
    versus = report.compare(
        lambda: payload(stored, 0, n_frames), lambda: peer_payload(values), pairs=3
    )
    our_bytes, peer_bytes = len(payload(stored, 0, n_frames)), len(peer_payload(values))
    return {
        "downsample_milliseconds": milliseconds(lambda: min_max(values, MAX_POINTS)),
        "payload_milliseconds": milliseconds(lambda: payload(stored, 0, n_frames)),
        "zoom_milliseconds": milliseconds(lambda: payload(stored, *zoomed)),
        "bytes": our_bytes,
        "plotly_bytes": peer_bytes,
        "plotly_milliseconds": 1_000 * versus["peer_seconds"],
        "times_smaller": peer_bytes / our_bytes,
        "times_faster": versus["times_faster"],
    }


def payload(stored: bytes, first: int, last: int) -> str:
    """As `results.video_views.curve` answers, without the database."""
    # Both can be imported once Django is set up.
    from webapp.pages.videos import COMPACT
    from webapp.results.figures.charts import score_figure
    from webapp.results.figures.curves import Curve, points

    scores = Scores.from_bytes(stored, first_frame=0, frames_per_value=1)
    n_frames = len(scores.values)
    positions, values = points(
        scores, first=first, last=last, n_frames=n_frames, max_points=MAX_POINTS
    )
    curve = Curve(
        run_id="run_a", name="run", positions=positions, scores=values, is_stepped=False,
        lowest=0.0, highest=1.0,
    )  # fmt: skip
    return json.dumps(score_figure([curve], first=first, last=last), separators=COMPACT)


def peer_payload(values: NDArray[np.float32]) -> str:
    trace = plotly.graph_objects.Scatter(x=np.arange(len(values)), y=values, mode="lines")
    return str(plotly.io.to_json(plotly.graph_objects.Figure(trace)))


def check_extremes(values: NDArray[np.float32]) -> None:
    """Every bucket's lowest and highest value is among the points."""
    kept = set(min_max(values, MAX_POINTS).tolist())
    size = -(-len(values) // ((MAX_POINTS - 2) // 2))
    for start in range(0, len(values), size):
        bucket = values[start : start + size]
        assert {start + int(bucket.argmin()), start + int(bucket.argmax())} <= kept


def milliseconds(work: Any) -> float:
    return 1_000 * statistics.median(report.seconds(work) for _ in range(ROUNDS))


if __name__ == "__main__":
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "webapp.settings",
        "IWAKAN_SECRET_KEY": "benchmark only, long enough to satisfy the checks",
    }
    django.setup()
    main()
