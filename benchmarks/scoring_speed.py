"""Scoring a video with one-class methods: frames per second, against one window at a time.

    python -m benchmarks.scoring_speed [METHOD …]

Every method at the size that its config has unless told, on frames in memory (decoding costs both
the same), on all cores. The peer gives the same network one window after another, eagerly in
float32, with every frame of a window encoded anew and weights laid out as they are learnt. Ours is
what `score` does: in float32, whose scores must be equal, and in bfloat16. Beside them: frames
fed one by one, as from a camera.
"""

from __future__ import annotations

import statistics
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks import report
from ml import device
from ml.data.samples.windows import mean_over_windows, stream_windows
from ml.methods import OneClassMethod, ScoringState
from ml.registry import load_methods
from ml.scoring.online import stream_scores

SEED = 7
PAIRS = 3
N_SCORED = 48  # frames with a score, in each timing
TOLERANCE = 1e-5

Frames = NDArray[np.uint8]
Values = NDArray[np.float32]


def main() -> None:
    device.use_threads(None)
    known = {n: m for n, m in load_methods().items() if issubclass(m, OneClassMethod)}
    for name in sys.argv[1:] or sorted(known):
        figures = measure(name, torch.device("cpu"))
        report.save("scoring_speed", {"method": name} | figures, seed=SEED, notes=NOTES)


NOTES = (__doc__ or "").split("\n")[0]


def measure(name: str, on: torch.device, **changes: Any) -> dict[str, Any]:
    """Medians over interleaved timings. Raise AssertionError where the scores differ."""
    methods = {each: build(name, on, precision=each, **changes) for each in ("float32", "bf16")}
    exact, fast = methods["float32"], methods["bf16"]
    plain = build(name, on, precision="float32", **changes)
    for each in (exact, fast):
        each.prepare_to_score()
    frames = walk(N_SCORED + exact.frames_per_sample - exact.frames_scored, exact.size)
    ways: dict[str, Callable[[], Values]] = {
        "peer": lambda: one_by_one(plain, frames),
        "float32": lambda: batched(exact, frames),
        "bf16": lambda: batched(fast, frames),
        "online_bf16": lambda: streamed(fast, frames),
    }
    found = {way: score() for way, score in ways.items()}  # also warms up
    difference = relative(found["float32"], found["peer"])
    assert difference < TOLERANCE, f"{name}: scores differ by {difference}"
    seconds = timings(ways)
    rates = {f"{way}_frames_per_second": len(frames) / each for way, each in seconds.items()}
    return rates | {
        "times_faster_float32": seconds["peer"] / seconds["float32"],
        "times_faster_bf16": seconds["peer"] / seconds["bf16"],
        "times_faster_online_bf16": seconds["peer"] / seconds["online_bf16"],
        "largest_relative_difference_float32": difference,
        "largest_relative_difference_bf16": relative(found["bf16"], found["peer"]),
        "device": device.device_facts(on),
        "input_size": exact.size[0],
    }


def timings(ways: dict[str, Callable[[], Values]]) -> dict[str, float]:
    rounds = [{way: report.seconds(score) for way, score in ways.items()} for _ in range(PAIRS)]
    return {way: statistics.median(each[way] for each in rounds) for way in ways}


def build(name: str, on: torch.device, **changes: Any) -> OneClassMethod:
    """Not trained: what is learnt does not change how long it takes."""
    kind = load_methods()[name]
    torch.manual_seed(SEED)
    method = kind(replace(kind.Config(), **changes), on)
    assert isinstance(method, OneClassMethod)
    for module in method.modules.values():
        module.eval()
    return method


@torch.inference_mode()
def batched(method: OneClassMethod, frames: Frames) -> Values:
    """As `score`, from frames in memory."""
    state: ScoringState = {}
    windows = stream_windows(
        frames, length=method.frames_per_sample, batch_size=method.config.batch_size
    )
    judged = (method._window_scores(batch, state, None) for batch in windows)
    return mean_over_windows(judged, length=method.frames_scored)


@torch.inference_mode()
def one_by_one(method: OneClassMethod, frames: Frames) -> Values:
    """One window at a time, nothing kept from one to the next."""
    windows = stream_windows(frames, length=method.frames_per_sample, batch_size=1)
    judged = (method._window_scores(window, {}, None) for window in windows)
    return mean_over_windows(judged, length=method.frames_scored)


def streamed(method: OneClassMethod, frames: Frames) -> Values:
    return np.array([each.score for each in stream_scores(method, frames)], np.float32)


def relative(one: Values, other: Values) -> float:
    return float(np.max(np.abs(one - other) / np.abs(other)))


def walk(n_frames: int, size: tuple[int, int]) -> Frames:
    """A bright square wanders over a grainy floor."""
    rng = np.random.default_rng(SEED)
    floor = rng.integers(60, 120, size, np.uint8)
    frames = np.repeat(floor[None], n_frames, axis=0)
    side = size[0] // 6
    for number, frame in enumerate(frames):
        left = 2 * number % (size[1] - side)
        frame[side : 2 * side, left : left + side] = 220
    return frames


if __name__ == "__main__":
    main()
