"""The device that computes: which one, what it can do, and what to note about it."""

from __future__ import annotations

import os
import platform
import subprocess
from contextlib import AbstractContextManager
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from ml import threads
from ml.records import BadInput

if TYPE_CHECKING:
    import torch

Precision = Literal["float32", "bf16"]
# Instructions that multiply bfloat16; without them it is emulated and slower than float32.
CPU_FLAGS = {"avx512_bf16", "amx_bf16", "bf16"}
PACKAGES = ("torch", "numpy", "av", "opencv-python-headless", "safetensors")


def choose(name: str = "auto") -> torch.device:
    """`auto` is the first CUDA device, or else the CPU."""
    import torch

    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise BadInput(f"There is no device named {name!r}") from error
    if device.type == "cuda" and not torch.cuda.is_available():
        raise BadInput(f"{name} was asked for, but this machine offers no CUDA device")
    return device


def compute_exactly() -> None:
    """Let float32 be float32: cuDNN would round the inputs of convolutions to 10 bits."""
    import torch

    torch.backends.cudnn.allow_tf32 = False


@cache
def has_bf16(device: torch.device) -> bool:
    """Asked before every computation, so that it is found out once."""
    import torch

    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    return device.type == "cpu" and bool(CPU_FLAGS & _cpu_flags())


def autocast(device: torch.device, precision: Precision) -> AbstractContextManager[object]:
    """Compute in bfloat16 where that was asked for and the device can; else in float32."""
    import torch

    enabled = precision == "bf16" and has_bf16(device)
    return torch.autocast(device.type, torch.bfloat16, enabled=enabled)


def free_bytes(device: torch.device) -> int:
    """Of a GPU's memory; 0 for any other device."""
    import torch

    if device.type != "cuda":
        return 0
    free, _all = torch.cuda.mem_get_info(device)
    return int(free)


def to_device(tensor: torch.Tensor, device: torch.device) -> torch.Tensor:
    """`tensor`, which lies in the CPU's memory, on the device; nobody waits until it is there."""
    if device.type != "cuda":
        return tensor.to(device)
    # What lies scattered would be gathered first, in memory that copies have to be waited for.
    return tensor.contiguous().pin_memory().to(device, non_blocking=True)


def use_threads(count: int | None) -> None:
    """Let torch and the decoder use `count` threads each; None: as many as there are cores.

    Raise BadInput for less than one.
    """
    import torch

    threads.allow(count)
    torch.set_num_threads(threads.allowed())


def device_facts(device: torch.device) -> dict[str, Any]:
    import torch

    is_cuda = device.type == "cuda"
    return {
        "device": str(device),
        "device_name": torch.cuda.get_device_name(device) if is_cuda else _cpu_name(),
        "threads": torch.get_num_threads(),
        "bf16": has_bf16(device),
    }


def software_facts() -> dict[str, Any]:
    """Versions of what results depend on. Imports none of it."""
    versions = {package: _version(package) for package in PACKAGES}
    return {"python": platform.python_version(), "commit": _commit()} | versions


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def _commit() -> str:
    """Of this code: as the deployment says, or as its checkout says; empty when unknown."""
    deployed = os.environ.get("IWAKAN_COMMIT")
    if deployed:
        return deployed
    command = ["git", "-C", str(Path(__file__).parent), "rev-parse", "HEAD"]
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=5).stdout.strip()
    except (OSError, subprocess.TimeoutExpired):
        return ""


def _cpu_flags() -> set[str]:
    return set(_cpu_info("flags").split()) | set(_cpu_info("Features").split())


def _cpu_name() -> str:
    return _cpu_info("model name") or platform.machine()


def _cpu_info(key: str) -> str:
    path = Path("/proc/cpuinfo")
    for line in path.read_text().splitlines() if path.exists() else []:
        name, _, value = line.partition(":")
        if name.strip() == key:
            return value.strip()
    return ""
