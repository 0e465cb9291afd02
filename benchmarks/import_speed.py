"""Import of 200 short clips: two at a time, against one after another.

    python -m benchmarks.import_speed

Each clip has 48 frames of 320×240, H.264 at 24 per second. Both ways run the survey of the
dataset as a job does, a confined child for every file with proxy, poster and contact sheet, and
must find the same. The peer is the same code with one child at a time; files as small as these
are read by one thread either way. Pairs are interleaved, and the ratio is the median of theirs.
"""

from __future__ import annotations

import shutil
import statistics
import tempfile
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np

from benchmarks import report
from ml.data.survey import survey
from ml.reports import Event, Reporter

SEED = 7
N_CLIPS, N_FRAMES, FPS = 200, 48, 24
WIDTH, HEIGHT = 320, 240
PAIRS = 3
PLACES = ("pts", "proxy", "poster", "contact_sheet")  # of the files, which lie elsewhere each time


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        render(folder / "clips")
        figures = measure(folder)
    notes = (__doc__ or "").split("\n")[0]
    report.save("import_speed", figures, seed=SEED, notes=notes)


def measure(folder: Path) -> dict[str, Any]:
    timings, rows = [], []
    for _ in range(PAIRS):
        pair = []
        for n_at_once in (2, 1):
            found: list[Event] = []
            pair.append(report.seconds(importing(folder, n_at_once, found)))
            rows.append(found)
        timings.append(pair)
        print(f"two at a time {pair[0]:.1f} s, one {pair[1]:.1f} s: {pair[1] / pair[0]:.2f}")
    assert all(each == rows[0] for each in rows), "the imports found different things"
    ratios = [one / two for two, one in timings]
    return {
        "times_faster": statistics.median(ratios),
        "times_faster_of_each_pair": [round(ratio, 3) for ratio in ratios],
        "two_at_a_time_seconds": statistics.median(two for two, _one in timings),
        "one_at_a_time_seconds": statistics.median(one for _two, one in timings),
        "clips": N_CLIPS,
        "frames_of_each": N_FRAMES,
    }


def importing(folder: Path, n_at_once: int, found: list[Event]) -> Callable[[], None]:
    """An import that puts all events but progress into `found`."""
    out_dir = folder / "out"

    def note(event: Event) -> None:
        if event["event"] != "progress":
            found.append({key: value for key, value in event.items() if key not in PLACES})

    def run() -> None:
        shutil.rmtree(out_dir, ignore_errors=True)
        spec = {"folder": str(folder / "clips"), "out_dir": str(out_dir), "n_at_once": n_at_once}
        survey(spec, Reporter(note))

    return run


def render(folder: Path) -> None:
    """A square wanders over a grainy scene that is another one in each clip."""
    rng = np.random.default_rng(SEED)
    for number in range(N_CLIPS):
        part = "train" if number % 2 else "test"
        path = folder / part / f"{number:03}.mp4"
        path.parent.mkdir(parents=True, exist_ok=True)
        coarse = rng.integers(60, 180, (HEIGHT // 20, WIDTH // 20, 3), np.uint8)
        scene = cv2.resize(coarse, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
        grain = rng.integers(0, 12, scene.shape, np.uint8)
        write(path, np.asarray(scene, np.uint8), grain)


def write(path: Path, scene: np.ndarray, grain: np.ndarray) -> None:
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream("libx264", rate=FPS, options={"preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for index in range(N_FRAMES):
            picture = scene + np.roll(grain, 7 * index, axis=1)
            left = 5 * index % (WIDTH - 40)
            picture[100:140, left : left + 40] = (200, 80, 40)
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = index, Fraction(1, FPS)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())


if __name__ == "__main__":
    main()
