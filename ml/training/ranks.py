"""Processes that learn together, each by its rank from 0 on: what they tell one another.

All of them hold the same weights. Each computes gradients of its share of a batch; what they add up
to is the gradient that one process would have of the whole batch.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch import distributed as dist

# Whoever waits in vain is ended by the process that started it, not by a clock: the first rank
# may decode videos for hours.
PATIENCE = timedelta(days=7)
MadeT = TypeVar("MadeT")


@dataclass(eq=False)
class Ranks:
    """This process among `world`. `share` is its part of the samples of the step under way."""

    rank: int = 0
    world: int = 1
    store: dist.Store | None = None
    share: float = 1.0
    _n_made: int = field(default=0, init=False)

    @property
    def is_first(self) -> bool:
        """The one that validates, reports and saves."""
        return self.rank == 0

    @property
    def is_alone(self) -> bool:
        return self.world == 1

    def take(self, n_samples: int) -> None:
        """Note which share of a batch of so many samples is this rank's: each has every n-th."""
        self.share = len(range(self.rank, n_samples, self.world)) / n_samples

    def made_once(self, kind: type[MadeT], make: Callable[[], MadeT]) -> MadeT:
        """The dataclass that the first rank makes, for all of them.

        Its fields are numbers, texts and arrays that are mapped from .npy files, or tuples of them.
        """
        if self.store is None:
            return make()
        self._n_made += 1
        key = f"made-{self._n_made}"
        if self.is_first:
            made = make()
            self.store.set(key, json.dumps(vars(made), default=_file_of))
            return made
        fields = json.loads(self.store.get(key), object_hook=_mapped)
        return kind(**{name: _in_tuples(value) for name, value in fields.items()})

    def add_up(self, tensor: Tensor) -> Tensor:
        """In place: the sum over all ranks."""
        if not self.is_alone:
            dist.all_reduce(tensor)
        return tensor

    def add_up_gradients(self, weights: Iterable[nn.Parameter]) -> None:
        """In one message. What has a gradient on one rank has one on all of them then."""
        if self.is_alone:
            return
        learning = [each for each in weights if each.requires_grad]
        parts = [_gradient_of(each).flatten() for each in learning]
        has_one = torch.tensor([float(each.grad is not None) for each in learning])
        whole = self.add_up(torch.cat([*parts, has_one.to(parts[0].device)]))
        *parts, counts = whole.split([len(part) for part in [*parts, has_one]])
        for each, part, n_ranks in zip(learning, parts, counts.tolist(), strict=True):
            if n_ranks:
                each.grad = _gradient_of(each).copy_(part.view_as(each))

    def means(self, losses: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Of means over each rank's samples, those over all samples of the step."""
        if self.is_alone or not losses:
            return dict(losses)
        values = torch.stack([loss.detach().double() for loss in losses.values()])
        own = values * self.share if self.share else torch.zeros_like(values)
        return dict(zip(losses, self.add_up(own).unbind(), strict=True))

    def any_is(self, raised: bool) -> bool:
        """Whether it is raised on any rank."""
        if self.is_alone:
            return raised
        flag = torch.tensor(int(raised), device="cuda" if dist.get_backend() == "nccl" else "cpu")
        return bool(self.add_up(flag))

    def make_alike(self, modules: Iterable[nn.Module]) -> None:
        """Give all ranks the first one's weights and buffers."""
        for module in modules:
            for tensor in (*module.parameters(), *module.buffers()):
                sent = tensor.detach().contiguous()
                dist.broadcast(sent, src=0)
                tensor.detach().copy_(sent)


def _gradient_of(weights: nn.Parameter) -> Tensor:
    """Of zeros where it has none."""
    return torch.zeros_like(weights) if weights.grad is None else weights.grad


ALONE = Ranks()


@contextmanager
def joined(*, rank: int, world: int, meeting: Path, device: torch.device) -> Iterator[Ranks]:
    """Meet the others, who come with the same file `meeting` and number `world`."""
    if device.type == "cuda":
        torch.cuda.set_device(device)
    os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo")  # all of them are on this machine
    store = dist.FileStore(str(meeting), world)
    store.set_timeout(PATIENCE)
    dist.init_process_group(
        "nccl" if device.type == "cuda" else "gloo",
        store=dist.PrefixStore("group", store), rank=rank, world_size=world, timeout=PATIENCE,
    )  # fmt: skip
    try:
        yield Ranks(rank=rank, world=world, store=dist.PrefixStore("made", store))
    finally:
        dist.destroy_process_group()


def _file_of(array: NDArray[Any]) -> dict[str, str]:
    assert isinstance(array.base, np.memmap), "an array that lies in no file"
    return {"npy": str(array.base.filename)}


def _mapped(value: dict[str, Any]) -> Any:
    return np.asarray(np.load(value["npy"], mmap_mode="r")) if "npy" in value else value


def _in_tuples(value: Any) -> Any:
    return tuple(map(_in_tuples, value)) if isinstance(value, list) else value
