"""I3D-ResNet50 over one clip of 16 × 224 × 224: folded and laid out, against eager float32.

    python -m benchmarks.backbone

The peer is the network in evaluation mode as it is defined, batch norms and all, a clip at a time.
Ours is what the extractor runs: norms folded, channels last, in float32 and, where the processor
has instructions for it, in bf16. One thread, CPU time, three interleaved pairs; weights by chance.
"""

from __future__ import annotations

import statistics
import time
from typing import Any

import torch
from torch import Tensor, nn

from benchmarks import report
from ml.device import has_bf16
from ml.models.backbones.folding import made_ready
from ml.models.backbones.i3d_resnet50 import I3DResNet50

SEED = 7
PAIRS = 3
CPU = torch.device("cpu")


def main() -> None:
    torch.set_num_threads(1)
    torch.manual_seed(SEED)
    clip = torch.randn(1, 3, 16, 224, 224)
    dtypes = [torch.float32] + [torch.bfloat16] * has_bf16(CPU)
    networks = {"peer": network(None)} | {str(dtype)[6:]: network(dtype) for dtype in dtypes}
    with torch.inference_mode():
        figures = measure(networks, clip)
    report.save("backbone", figures, seed=SEED, notes=(__doc__ or "").split("\n")[0])


def network(dtype: torch.dtype | None) -> nn.Module:
    """With the same weights each time; as it is defined without a `dtype`."""
    torch.manual_seed(SEED)
    made = I3DResNet50().eval()
    return made if dtype is None else made_ready(made, CPU, dtype)


def measure(networks: dict[str, nn.Module], clip: Tensor) -> dict[str, Any]:
    outputs = {name: run(each, clip)[1].float() for name, each in networks.items()}
    timings = [{name: run(each, clip)[0] for name, each in networks.items()} for _ in range(PAIRS)]
    median = {name: statistics.median(each[name] for each in timings) for name in networks}
    ours = [name for name in networks if name != "peer"]
    return {
        "has_bf16": has_bf16(CPU),
        **{f"{name}_cpu_seconds": seconds for name, seconds in median.items()},
        **{f"{name}_times_less_cpu": median["peer"] / median[name] for name in ours},
        **{
            f"{name}_largest_difference": (outputs[name] - outputs["peer"]).abs().max().item()
            for name in ours
        },
        "largest_number": outputs["peer"].abs().max().item(),
    }


def run(network: nn.Module, clip: Tensor) -> tuple[float, Tensor]:
    """CPU seconds and the features."""
    dtype = next(network.parameters()).dtype
    laid_out = clip if dtype == torch.float32 else clip.to(dtype)
    started = time.process_time()
    features = network(laid_out)
    return time.process_time() - started, features


if __name__ == "__main__":
    main()
