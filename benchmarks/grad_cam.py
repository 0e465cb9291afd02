"""Grad-CAM of 32 clips in batches, against one clip at a time and all of the network backwards.

    python -m benchmarks.grad_cam

The peer hooks the layer, calls `backward` on the logit and reads the gradient that the layer was
given, as is usual: so all layers and all weights are differentiated. Ours is what `explain` runs:
clips in batches, differentiated from the layer on. The networks and sizes are the published ones,
with weights by chance and norms that have seen four clips, the layers those that are asked unless
told. One thread, CPU time, once. In bf16 also, where the processor has instructions for it; else
that is computed in float32, and told by `has_bf16`.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from benchmarks import report
from ml.data.clips.sliding import AT_ONCE
from ml.device import has_bf16
from ml.explain.clips import maps_of_clips
from ml.methods import ClipMethod
from ml.registry import get_method

SEED = 7
N_CLIPS = 32
N_ALONE = 4  # clips that ours takes one by one, for the difference that batches make
N_WITHOUT = 4  # clips that are taken where bf16 is float32
CPU = torch.device("cpu")
NETWORKS: dict[str, dict[str, Any]] = {
    "resnet3d": {"depth": 18},
    "os_3dcnn": {"picture_size": 112},
}
Clips = list[NDArray[np.uint8]]
Maps = NDArray[np.float32]


def main() -> None:
    torch.set_num_threads(1)
    figures: dict[str, Any] = {name: measure(name, each) for name, each in NETWORKS.items()}
    figures |= {"has_bf16": has_bf16(CPU), "clips_in_a_batch": AT_ONCE}
    report.save("grad_cam", figures, seed=SEED, notes=(__doc__ or "").split("\n")[0])


def measure(name: str, config: dict[str, Any]) -> dict[str, Any]:
    method = made(name, config)
    clips = list(
        np.random.default_rng(SEED).integers(0, 256, (N_CLIPS, *method.making.shape), np.uint8)
    )
    peer, expected = timed(one_by_one, method, clips)
    ours, found = timed(batched, method, clips)
    alone = np.concatenate(
        [maps_of_clips(method, [clip], method.cam_layers[0]) for clip in clips[:N_ALONE]]
    )
    few = clips if has_bf16(CPU) else clips[:N_WITHOUT]
    in_bf16, rounded = timed(batched, made(name, config | {"precision": "bf16"}), few)
    return {
        "layer": method.cam_layers[0],
        "map": list(found.shape[1:]),
        "peer_cpu_seconds_a_clip": peer / N_CLIPS,
        "float32_cpu_seconds_a_clip": ours / N_CLIPS,
        "float32_times_less_cpu": peer / ours,
        "one_by_one_largest_difference": float(np.abs(alone - expected[:N_ALONE]).max()),
        "batched_differences": np.abs(found - expected).max(axis=(1, 2, 3)).tolist(),
        "bf16_clips": len(few),
        "bf16_cpu_seconds_a_clip": in_bf16 / len(few),
        "bf16_times_less_cpu": peer / N_CLIPS / (in_bf16 / len(few)),
        "bf16_largest_difference": float(np.abs(rounded - expected[: len(few)]).max()),
        "highest": float(expected.max()),
    }


def made(name: str, config: dict[str, Any]) -> ClipMethod:
    torch.manual_seed(SEED)
    kind = get_method(name)
    method = kind(replace(kind.Config(), **config), CPU)
    assert isinstance(method, ClipMethod)
    method.set_classes(2)
    _accustom(method)
    method.learnt.eval()
    return method


def _accustom(method: ClipMethod) -> None:
    """Norms take the means and variances of some clips, so that numbers stay of one size."""
    for norm in method.learnt.modules():
        if isinstance(norm, nn.BatchNorm3d):
            norm.momentum = 1.0
    clips = np.random.default_rng(SEED + 1).integers(0, 256, (4, *method.making.shape), np.uint8)
    method.learnt.train()
    with torch.no_grad():
        method.logits_of(method.streams(list(clips)))


def timed(work: Any, method: ClipMethod, clips: Clips) -> tuple[float, Maps]:
    """CPU seconds, and the maps."""
    started = time.process_time()
    maps = work(method, clips)
    return time.process_time() - started, maps


def batched(method: ClipMethod, clips: Clips) -> Maps:
    layer = method.cam_layers[0]
    return np.concatenate([
        maps_of_clips(method, clips[first : first + AT_ONCE], layer)
        for first in range(0, len(clips), AT_ONCE)
    ])  # fmt: skip


def one_by_one(method: ClipMethod, clips: Clips) -> Maps:
    return np.concatenate([backwards(method, clip) for clip in clips])


def backwards(method: ClipMethod, clip: NDArray[np.uint8]) -> Maps:
    """(1, T, h, w), of a backward pass through all of the network."""
    given: list[torch.Tensor] = []

    def keep(_layer: Any, _inputs: Any, output: torch.Tensor) -> None:
        output.retain_grad()
        given.append(output)

    hook = method.learnt.get_submodule(method.cam_layers[0]).register_forward_hook(keep)
    method.learnt.zero_grad()
    method.logits_of(method.streams([clip]))[0, 1].backward()
    hook.remove()
    [output] = given
    assert output.grad is not None
    weights = output.grad.mean((2, 3, 4), keepdim=True)
    maps: Maps = (weights * output).sum(1).relu().detach().numpy()
    return maps


if __name__ == "__main__":
    main()
