"""A step of 3D-ResNet-50 and of what feeds it, each against what people do.

    python -m benchmarks.clip_training [step] [clips] [loader]

step: 4 clips of 16 × 112 × 112: forward pass, loss, gradients, the optimiser's step. The peer is
the network with torch's own convolutions in eager float32 and torch's default layout. Ours is what
a training does: clips channels last, and bf16 where the processor has instructions for it. That
losses agree is checked.

clips: TS-3DCNN's two streams of 16 × 112 × 112, RGB and Farneback flow as colours, out of the
files that a training has made of them, against reading the video and computing the flow again.

loader: the share of a training step of 4 clips that is spent on taking them out of these files,
once they are there, for OS-3DCNN and for 3D-ResNet-18.

CPU time of one thread, ours and the peer's interleaved in one process.
"""

from __future__ import annotations

import copy
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from benchmarks import report
from benchmarks.clips import render
from ml import memory
from ml.data.clips.store import Making, store_clips
from ml.device import has_bf16
from ml.methods import ClipMethod
from ml.models.backbones.planar import PointConvolution
from ml.records import Interval, VideoRecord
from ml.registry import get_method
from ml.reports import to_nobody

SEED = 7
CPU = torch.device("cpu")
CLIPS, LENGTH, SIDE = 4, 16, 112
BATCH = 8
NOTES = (__doc__ or "").split("\n")[0]
compare = partial(report.compare, clock=time.process_time)


def main() -> None:
    torch.set_num_threads(1)
    memory.keep_freed()
    parts = {"step": measure_steps, "clips": measure_clips, "loader": measure_loader}
    for name in sys.argv[1:] or parts:
        report.save("clip_training", {"part": name} | parts[name](), seed=SEED, notes=NOTES)


def measure_steps() -> dict[str, Any]:
    rng = np.random.default_rng(SEED)
    pictures = rng.integers(0, 256, (CLIPS, LENGTH, SIDE, SIDE, 3), np.uint8)
    targets = torch.arange(CLIPS) % 2
    found: dict[str, Any] = {"bf16": has_bf16(CPU)}
    for precision in ("float32", "bf16") if has_bf16(CPU) else ("float32",):
        ours = learning(precision)
        peer = learning("float32")
        peer.learnt.load_state_dict(ours.learnt.state_dict())
        as_torch_has_it(peer.learnt)
        losses = [float(loss(each, pictures, targets)) for each in (ours, peer)]
        assert abs(losses[0] - losses[1]) < (0.05 if precision == "bf16" else 1e-3), losses
        timed = compare(
            lambda: step(ours, pictures, targets),  # noqa: B023
            lambda: step(peer, pictures, targets),  # noqa: B023
        )
        found[precision] = timed
    return found


def learning(precision: str) -> Any:
    torch.manual_seed(SEED)
    kind = get_method("resnet3d")
    method: Any = kind(kind.Config(precision=precision), CPU)
    method.set_classes(2)
    method.steps = method.optimiser()
    return method


def as_torch_has_it(network: nn.Module) -> None:
    """Its own convolutions and its default layout; the weights are the same ones."""
    for name, module in list(network.named_modules()):
        if isinstance(module, PointConvolution):
            own: Any = copy.copy(module)
            own.__class__ = nn.Conv3d
            network.set_submodule(name, own)
    for weights in network.parameters():
        weights.data = weights.data.contiguous()


def loss(method: Any, pictures: Any, targets: Tensor) -> Tensor:
    clips = method.pixels(pictures)
    if not any(isinstance(each, PointConvolution) for each in method.learnt.modules()):
        clips = clips.contiguous()
    with method.computing():
        logits = method.learnt(clips)
    return F.cross_entropy(logits.float(), targets)


def step(method: Any, pictures: Any, targets: Tensor) -> None:
    method.steps.zero_grad()
    loss(method, pictures, targets).backward()
    method.steps.step()


def measure_clips() -> dict[str, Any]:
    method = method_of("ts_3dcnn", second_modality="flow")
    with tempfile.TemporaryDirectory() as name:
        video = fighting(render(Path(name) / "320x240.mp4", 320, 240))
        store = store_of([video], Path(name), method.making)
        kept = store_of([video], Path(name), method.making, "again")
        for one, other in zip(store.pictures, kept.pictures, strict=True):
            assert np.array_equal(one, other)
        n_clips = len(store.labels)
        batch = np.resize(np.arange(n_clips), BATCH)
        timed = compare(
            lambda: [each[batch] for each in store.pictures],
            lambda: store_of([video], Path(name), method.making, "again"),
            pairs=9,
        )
    return {
        "times_faster": timed["times_faster"] * BATCH / n_clips,
        "our_clip_seconds": timed["ours_seconds"] / BATCH,
        "peer_clip_seconds": timed["peer_seconds"] / n_clips,
    }


def measure_loader() -> dict[str, Any]:
    """By a training of two epochs through the loop's own learner."""
    shares = {}
    for name, config in (("os_3dcnn", {}), ("resnet3d", {"depth": 18})):
        method = method_of(name, **config)
        with tempfile.TemporaryDirectory() as folder:
            videos = [
                fighting(render(Path(folder) / f"{number}.mp4", 320, 240)) for number in range(2)
            ]
            store = store_of(videos, Path(folder), method.making)
            shares[name] = share_of_loader(method, store)
    return {"share_of_a_step": shares}


def share_of_loader(method: Any, store: Any) -> float:
    rng = np.random.default_rng(SEED)
    method.set_classes(2)
    method.steps = method.optimiser()
    taken, whole = 0.0, 0.0
    for number in range(3):
        batch = rng.integers(0, len(store.labels), CLIPS)
        started = time.process_time()
        streams = [each[batch] for each in store.pictures]
        have = time.process_time()
        method.steps.zero_grad()
        F.cross_entropy(method.logits(streams), torch.arange(CLIPS) % 2).backward()
        method.steps.step()
        if number:  # the first one warms up
            taken, whole = taken + have - started, whole + time.process_time() - started
    return taken / whole


def method_of(name: str, **config: Any) -> Any:
    kind = get_method(name)
    assert issubclass(kind, ClipMethod)
    return kind(kind.Config(**config), CPU)


def fighting(video: VideoRecord) -> VideoRecord:
    """Half of it, so that there are clips of both kinds."""
    interval = Interval(start_frame=0, end_frame=48)
    return VideoRecord(
        id=video.id, path=video.path, n_frames=video.n_frames, intervals=(interval,),
        label="abnormal",
    )  # fmt: skip


def store_of(videos: list[VideoRecord], folder: Path, making: Making, name: str = "kept") -> Any:
    return store_clips(videos, folder, name=name, making=making, reporter=to_nobody())


if __name__ == "__main__":
    main()
