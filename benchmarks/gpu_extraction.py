"""I3D-ResNet50 features on a GPU, as shares of its matrix-product rate, against the usual way.

    python -m benchmarks.gpu_extraction
    python -m benchmarks.gpu_extraction --device cpu     # a dry run: little of it, nothing is kept

In one run, on one device, weights by chance: (1) the rate of large matrix products in bfloat16;
(2) clips of 16 × 224 × 224 per second through the network alone: as the extractor runs it, in
bfloat16 and in float32, and as it is defined, batch norms and all, eagerly in float32, ten clips
at a time, with TF32 as PyTorch allows it by default and without; (3) ten-crop rows per second from
a file of video: ours, and the usual extractor's (`benchmarks.clips`), which writes each frame to a
JPEG file and reads it again, before the network as it is defined.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from benchmarks import report
from benchmarks.clips import SIZES, peer, render
from benchmarks.gpu import DRY, FULL, count, median_seconds, product_rate
from ml import device as devices
from ml.extraction import create_extractor
from ml.models.backbones.folding import made_ready
from ml.models.backbones.i3d_resnet50 import I3DResNet50

SEED = 7
BATCHES = (10, 40, 80)  # clips
USUAL_BATCH = 10
REPEATS = 5
N_VIDEOS = 4  # of 96 frames each, one after another
NOTES = (__doc__ or "").split("\n")[0]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gpu_extraction", description=NOTES)
    parser.add_argument("--device", default="cuda", choices=("cuda", "cpu"))
    options = parser.parse_args()
    if options.device == "cuda" and not torch.cuda.is_available():
        print("This machine offers no CUDA device, so nothing was measured", file=sys.stderr)
        return 2
    figures = measure(torch.device(options.device))
    if options.device == "cpu":
        print(figures)
    else:
        report.save("gpu_extraction", figures, seed=SEED, notes=NOTES)
    return 0


def measure(on: torch.device) -> dict[str, Any]:
    is_dry = on.type == "cpu"
    with torch.inference_mode():
        rate = product_rate(on, "bf16", DRY if is_dry else FULL)
        batches = (1,) if is_dry else BATCHES
        clips = torch.randn(max(batches), 3, 16, 224, 224, device=on)
        forward = passes(clips, rate, batches)
    return {
        "device": devices.device_facts(on),
        "product_tflops_bf16": rate / 1e12,
        "forward": forward,
        "from_files": from_files(on),
    }


def passes(clips: Tensor, rate: float, batches: Sequence[int]) -> dict[str, Any]:
    """Clips per second through the network, and how far ours is from what it is defined as."""
    on = clips.device
    usual = network().to(on)
    flop = count(lambda: usual(clips[:1]))
    exact = usual(clips[:1])
    found: dict[str, Any] = {"gflop_per_clip": flop / 1e9}
    for name, allowed in (("usual_tf32", True), ("usual_float32", False)):
        torch.backends.cudnn.allow_tf32 = allowed
        found[name] = {USUAL_BATCH: speed(usual, clips[:USUAL_BATCH], flop, rate)}
    for name, dtype in (("ours_float32", torch.float32), ("ours_bf16", torch.bfloat16)):
        ours = made_ready(network(), on, dtype)
        laid_out = clips.to(dtype).contiguous(memory_format=torch.channels_last_3d)
        found[name] = {n: speed(ours, laid_out[:n], flop, rate) for n in batches}
        difference = (ours(laid_out[:1]).float() - exact).abs().max() / exact.abs().max()
        found[name]["largest_difference"] = difference.item()
    return found


def network() -> nn.Module:
    """With the same weights each time."""
    torch.manual_seed(SEED)
    return I3DResNet50().eval().requires_grad_(False)


def speed(ours: nn.Module, clips: Tensor, flop: int, rate: float) -> dict[str, float]:
    seconds = median_seconds(lambda: ours(clips), clips.device, REPEATS if clips.is_cuda else 1)
    per_second = len(clips) / seconds
    return {"clips_per_second": per_second, "share_of_product_rate": per_second * flop / rate}


def from_files(on: torch.device) -> dict[str, float]:
    """Rows of ten crops per second; TF32 as PyTorch has it by default."""
    torch.backends.cudnn.allow_tf32 = True
    found = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        torch.save(network().state_dict(), folder / "w.pth")
        precision = "bf16" if devices.has_bf16(on) else "float32"
        options = {"preprocessing": "squeezed", "crops": "ten", "precision": precision}
        extractor = create_extractor("i3d_resnet50", options, on, folder / "w.pth")
        for title, sizes in list(SIZES.items())[: 1 if on.type == "cpu" else None]:
            video = render(folder / f"{title}.mp4", *sizes)
            usual = network().to(on)
            ways = {
                "ours": partial(ours_rows, extractor, video),
                "usual": partial(usual_rows, usual, video, folder, on),
            }
            for way, work in ways.items():
                found[f"{title}_{way}"] = rows_per_second(work)
    return found


def rows_per_second(work: Callable[[], int]) -> float:
    """After one pass that warms up."""
    work()
    started = time.perf_counter()
    n_rows = sum(work() for _ in range(N_VIDEOS))
    return n_rows / (time.perf_counter() - started)


def ours_rows(extractor: Any, video: Any) -> int:
    rows = extractor.rows(video, frames_per_row=16, remainder="drop", warn=lambda _text: None)
    return sum(1 for _row in rows)


def usual_rows(usual: nn.Module, video: Any, folder: Path, on: torch.device) -> int:
    """The clips of one crop of all segments at a time."""
    with torch.inference_mode():
        made = [usual(clips.to(on)).cpu() for clips in peer(video, folder)]
    return len(made[0])


if __name__ == "__main__":
    sys.exit(main())
