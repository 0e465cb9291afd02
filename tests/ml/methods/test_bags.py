"""Bags that the device holds are those of the map, number by number."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np
import pytest
import torch

from ml.data.features.bags import BagStore
from ml.device import free_bytes
from ml.methods import _bags
from ml.methods._bags import DeviceBags

CPU = torch.device("cpu")


def store(folder: Path, kind: Literal["float16", "float32"], n_videos: int = 5) -> BagStore:
    rng = np.random.default_rng(1)
    np.save(folder / "bags.npy", rng.normal(size=(n_videos, 3, 4, 6)).astype(kind))
    bags = np.asarray(np.load(folder / "bags.npy", mmap_mode="c"))
    return BagStore(bags=bags, is_abnormal=np.zeros(n_videos, bool), counts=(4,) * n_videos)


@pytest.mark.parametrize("kind", ["float16", "float32"])
@pytest.mark.parametrize("crop_by_crop", [True, False])
def test_what_is_held_is_what_is_mapped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: Literal["float16", "float32"],
    crop_by_crop: bool,
) -> None:  # fmt: skip
    given = store(tmp_path, kind)
    mapped = DeviceBags(given, CPU)
    monkeypatch.setattr(_bags, "free_bytes", lambda device: 2 * given.bags.nbytes)
    monkeypatch.setattr(_bags, "COPIED_VIDEOS", 2)
    held = DeviceBags(given, CPU)
    samples = np.array([4, 0, 3, 3])

    found, expected = (each.take(samples, crop_by_crop=crop_by_crop) for each in (held, mapped))

    assert mapped.held is None
    assert held.held is not None
    assert held.held.element_size() == given.bags.dtype.itemsize
    assert found.dtype == expected.dtype == torch.float32
    assert torch.equal(found, expected)
    assert found.shape == ((4, 4, 6) if crop_by_crop else (4, 3, 4, 6))


def test_bags_that_take_more_than_half_of_what_is_free_are_not_held(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = store(tmp_path, "float16")
    monkeypatch.setattr(_bags, "free_bytes", lambda device: 2 * given.bags.nbytes - 1)

    assert DeviceBags(given, CPU).held is None


def test_a_cpu_holds_none_of_its_own() -> None:
    assert free_bytes(CPU) == 0
