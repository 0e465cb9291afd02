"""What a GPU gives the ST-GANs: training and scoring, as shares of its matrix-product rate.

    python -m benchmarks.gpu [METHOD …]
    python -m benchmarks.gpu --device cpu          # a dry run: tiny networks, nothing is kept

In one run, on one device: (1) the rate of large matrix products in bfloat16 and float32;
(2) samples per second of the training step, both opponents, as the run trains (`bf16`) against
the eager float32 loop; (3) frames per second of scoring, batched in bfloat16, against the same
network eagerly in float32 one window at a time. (2) and (3) also as shares of (1), with the
floating point operations that PyTorch counts. A share says what is left to gain.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch.utils.flop_counter import FlopCounterMode

from benchmarks import report
from benchmarks.scoring_speed import batched, build, one_by_one, walk
from ml import device as devices
from ml.data.samples.frames import FrameStore
from ml.device import Precision
from ml.methods._st_gan import STGan, STGanLearner
from ml.registry import load_methods
from ml.training.learner import Moment
from ml.training.seeding import seed_everything

SEED = 7
EPOCH = 9.0  # past every warm-up, so that each term of the loss is computed
NOTES = (__doc__ or "").split("\n")[0]
NO_CUDA = """This machine offers no CUDA device, so nothing was measured. With one, this would:
  1. multiply two {matrix} × {matrix} matrices {repeats} times, in bfloat16 and in float32;
  2. make {steps} training steps of {methods} at the size of their default config, in bfloat16 and
     eagerly in float32, and count their floating point operations;
  3. score {scored} frames with each, batched in bfloat16 and one window at a time in float32;
  4. write samples and frames per second, times faster, and shares of the rate of step 1, to
     benchmarks/results/gpu.json.
For a dry run that measures nothing worth keeping: python -m benchmarks.gpu --device cpu"""


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    methods = options.methods or st_gans()
    if options.device == "cuda" and not torch.cuda.is_available():
        plan = {name: getattr(FULL, name) for name in ("matrix", "repeats", "steps", "scored")}
        print(NO_CUDA.format(methods=" and ".join(methods), **plan), file=sys.stderr)
        return 2
    on = torch.device(options.device)
    is_dry = on.type == "cpu"
    devices.compute_exactly()
    for name in methods:
        figures = measure(name, on, DRY if is_dry else FULL)
        if is_dry:
            print(figures)
        else:
            report.save("gpu", figures, seed=SEED, notes=NOTES)
    return 0


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How much is done of everything."""

    matrix: int  # rows and columns
    repeats: int  # of its product
    steps: int
    scored: int  # frames
    tiny: bool  # networks


FULL = Plan(matrix=8192, repeats=20, steps=30, scored=512, tiny=False)
DRY = Plan(matrix=128, repeats=2, steps=2, scored=6, tiny=True)


def measure(name: str, on: torch.device, plan: Plan) -> dict[str, Any]:
    seed_everything(SEED)
    rates = {each: product_rate(on, each, plan) for each in ("bf16", "float32")}
    return {
        "method": name,
        "device": devices.device_facts(on),
        "product_tflops_bf16": rates["bf16"] / 1e12,
        "product_tflops_float32": rates["float32"] / 1e12,
        "training": training(name, on, plan, rates["bf16"]),
        "scoring": scoring(name, on, plan, rates["bf16"]),
    }


def product_rate(on: torch.device, precision: Precision, plan: Plan) -> float:
    """Floating point operations per second of a large matrix product."""
    kind = torch.bfloat16 if precision == "bf16" else torch.float32
    one, other = (torch.rand(plan.matrix, plan.matrix, device=on).to(kind) for _ in range(2))
    seconds = median_seconds(lambda: one @ other, on, plan.repeats)
    return 2 * plan.matrix**3 / seconds


def training(name: str, on: torch.device, plan: Plan, rate: float) -> dict[str, float]:
    learners = {each: _learner(name, on, plan, each) for each in ("bf16", "float32")}
    size = learners["bf16"].config.batch_size
    seconds = {
        each: median_seconds(lambda to=learner: _step(to), on, plan.steps)  # type: ignore[misc]
        for each, learner in learners.items()
    }
    operations = count(lambda: _step(learners["bf16"]))
    return _compared("samples", size, seconds, operations, rate)


def scoring(name: str, on: torch.device, plan: Plan, rate: float) -> dict[str, float]:
    sizes = _sizes(name, plan)
    fast = build(name, on, precision="bf16", **sizes)
    plain = build(name, on, precision="float32", **sizes)
    fast.prepare_to_score()
    for module in fast.modules.values():
        module.requires_grad_(False)  # for the counter, which else asks them for gradients
    frames = walk(plan.scored + plain.frames_per_sample - plain.frames_scored, plain.size)
    seconds = {
        "bf16": median_seconds(lambda: batched(fast, frames), on, 3),
        "float32": median_seconds(lambda: one_by_one(plain, frames), on, 3),
    }
    operations = count(lambda: batched(fast, frames))
    return _compared("frames", plan.scored, seconds, operations, rate)


def _compared(
    unit: str, n: int, seconds: dict[str, float], operations: int, rate: float
) -> dict[str, float]:
    return {
        f"{unit}_per_second": n / seconds["bf16"],
        f"eager_float32_{unit}_per_second": n / seconds["float32"],
        "times_faster": seconds["float32"] / seconds["bf16"],
        f"gflop_per_{unit.removesuffix('s')}": operations / n / 1e9,
        "share_of_product_rate": operations / seconds["bf16"] / rate,
    }


def count(work: Callable[[], object]) -> int:
    """Floating point operations of products and convolutions, forwards and backwards."""
    with FlopCounterMode(display=False) as counter:
        work()
    return int(counter.get_total_flops())


def median_seconds(work: Callable[[], object], on: torch.device, repeats: int) -> float:
    """Of one, after one that warms up; the device is waited for each time."""

    def done() -> None:
        work()
        if on.type == "cuda":
            torch.cuda.synchronize(on)

    done()
    return statistics.median(report.seconds(done) for _ in range(repeats))


def st_gans() -> list[str]:
    return sorted(name for name, kind in load_methods().items() if issubclass(kind, STGan))


def _sizes(name: str, plan: Plan) -> dict[str, Any]:
    """What makes the method small in a dry run."""
    tiny = load_methods()[name].tiny
    names = ("window", "input_size", "width", "code_channels", "batch_size")
    return {each: getattr(tiny, each) for each in names} if plan.tiny else {}


def _learner(name: str, on: torch.device, plan: Plan, precision: Precision) -> STGanLearner:
    kind = load_methods()[name]
    method = kind(replace(kind.Config(), precision=precision, **_sizes(name, plan)), on)
    assert isinstance(method, STGan)
    n_frames = method.config.batch_size + method.frames_per_sample
    frames = np.asarray(walk(n_frames, method.size))
    learner = method._learner(FrameStore(frames=frames, counts=(n_frames,)), None)
    assert isinstance(learner, STGanLearner)
    return learner


def _step(learner: STGanLearner) -> None:
    learner.step(np.arange(learner.config.batch_size), Moment(0, EPOCH))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gpu", description=NOTES)
    parser.add_argument("methods", nargs="*", metavar="METHOD", help=", ".join(st_gans()))
    parser.add_argument("--device", default="cuda", choices=("cuda", "cpu"))
    return parser


if __name__ == "__main__":
    sys.exit(main())
