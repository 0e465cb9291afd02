"""The GPU benchmark, where there is no GPU: what it says, and that every part of it runs."""

import pytest
import torch

from benchmarks import gpu, gpu_extraction, report


@pytest.mark.skipif(torch.cuda.is_available(), reason="it would measure")
def test_without_cuda_it_says_what_it_would_do(capsys: pytest.CaptureFixture[str]) -> None:
    assert gpu.main([]) == 2

    told = capsys.readouterr().err
    assert "no CUDA device" in told
    assert "st_gan_prediction and st_gan_reconstruction" in told
    assert "8192 × 8192" in told


@pytest.mark.skipif(torch.cuda.is_available(), reason="it would measure")
def test_extraction_is_not_measured_without_cuda(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.argv", ["gpu_extraction"])

    assert gpu_extraction.main() == 2
    assert "no CUDA device" in capsys.readouterr().err


@pytest.mark.soak
@pytest.mark.parametrize("name", gpu.st_gans())
def test_a_dry_run_does_all_of_it_and_keeps_nothing(
    name: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report, "save", lambda *args, **more: pytest.fail("a dry run is kept"))

    assert gpu.main([name, "--device", "cpu"]) == 0
    assert name in capsys.readouterr().out

    figures = gpu.measure(name, torch.device("cpu"), gpu.DRY)
    for part, unit in (("training", "samples"), ("scoring", "frames")):
        found = figures[part]
        assert found[f"{unit}_per_second"] > 0
        assert found[f"eager_float32_{unit}_per_second"] > 0
        expected = found[f"{unit}_per_second"] * found[f"gflop_per_{unit[:-1]}"] / 1000
        share = found["share_of_product_rate"] * figures["product_tflops_bf16"]
        assert share == pytest.approx(expected)


def test_operations_of_a_product_are_counted() -> None:
    one = torch.rand(8, 16)

    assert gpu.count(lambda: one @ one.T) == 2 * 8 * 16 * 8
