import os

import pytest
import torch

from ml import device, threads
from ml.records import BadInput


def test_choose_auto_finds_a_device_that_computes() -> None:
    chosen = device.choose("auto")

    assert torch.ones(3, device=chosen).sum().item() == 3
    assert chosen.type == ("cuda" if torch.cuda.is_available() else "cpu")


def test_choose_refuses_what_is_not_a_device() -> None:
    with pytest.raises(BadInput, match="There is no device named 'quantum'"):
        device.choose("quantum")


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a CUDA device")
def test_choose_refuses_cuda_where_there_is_none() -> None:
    with pytest.raises(BadInput, match="cuda was asked for, but this machine offers no CUDA"):
        device.choose("cuda")


def test_free_memory_is_that_of_a_gpu_and_none_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda on: (3, 5))

    assert device.free_bytes(torch.device("cuda")) == 3
    assert device.free_bytes(torch.device("cpu")) == 0


def test_autocast_float32_leaves_the_type_alone() -> None:
    with device.autocast(torch.device("cpu"), "float32"):
        product = torch.ones(2, 2) @ torch.ones(2, 2)

    assert product.dtype == torch.float32


@pytest.mark.parametrize(
    ("flags", "dtype"), [("fma avx2", torch.float32), ("avx512_bf16 fma", torch.bfloat16)]
)
def test_autocast_bf16_only_where_the_processor_has_it(
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
    flags: str,
    dtype: torch.dtype,
) -> None:
    monkeypatch.setattr(device, "_cpu_info", lambda key: flags if key == "flags" else "")
    device.has_bf16.cache_clear()
    request.addfinalizer(device.has_bf16.cache_clear)

    with device.autocast(torch.device("cpu"), "bf16"):
        product = torch.ones(2, 2) @ torch.ones(2, 2)

    assert product.dtype == dtype


def test_software_facts_prefer_the_commit_of_the_deployment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("IWAKAN_COMMIT", "abc123")

    assert device.software_facts()["commit"] == "abc123"


def test_compute_exactly_leaves_no_rounding_to_convolutions() -> None:
    before = torch.backends.cudnn.allow_tf32
    try:
        device.compute_exactly()
        assert not torch.backends.cudnn.allow_tf32
    finally:
        torch.backends.cudnn.allow_tf32 = before


@pytest.mark.parametrize("count", [0, -1])
def test_use_threads_refuses_what_is_no_number_of_threads(count: int) -> None:
    with pytest.raises(BadInput, match=f"threads: .*given: {count}"):
        device.use_threads(count)


def test_use_threads_takes_the_cores_it_may_use() -> None:
    before = torch.get_num_threads()
    try:
        device.use_threads(None)
        assert torch.get_num_threads() == len(os.sched_getaffinity(0)) == threads.allowed()
        device.use_threads(1)
        assert threads.allowed() == 1
        assert device.device_facts(torch.device("cpu"))["threads"] == 1
    finally:
        torch.set_num_threads(before)
        threads.allow(None)
