"""An update of Bi-LSTM+MIL with our bidirectional LSTM, against the same with torch's.

    python -m benchmarks.lstm

32 + 32 bags of 64 segments × 2048 numbers, both in float32 on the same cores: forward pass, loss,
gradients and the step of the optimiser. The peer is the same method with `nn.LSTM` in its place.
Both start from the same weights; that their gradients agree is checked. CPU time of one thread:
interleaved in one process, which keeps the memory it frees, as a job does; and each in processes of
its own, by turns, the peer's with memory as Python has it.
"""

from __future__ import annotations

import copy
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

import torch
from torch import Tensor, nn

from benchmarks import report
from ml import memory
from ml.methods.bilstm_mil import BiLSTMMIL, BiLSTMMILConfig
from ml.models.recurrent_ranking import RecurrentRanking

SEED = 7
BAGS, SEGMENTS, DIMENSION = 32, 64, 2048
ROUNDS, UPDATES = 3, 5


class TorchLSTM(nn.LSTM):
    """Outputs alone, as ours gives."""

    def forward(self, inputs: Tensor) -> Tensor:  # type: ignore[override]
        return super().forward(inputs)[0]


def main() -> None:
    torch.set_num_threads(1)
    if sys.argv[1:]:
        print(alone(sys.argv[1]))
        return
    turns = [(name, apart_seconds(name)) for _ in range(ROUNDS) for name in ("ours", "peer")]
    apart = {kind: [took for name, took in turns if name == kind] for kind in ("ours", "peer")}
    memory.keep_freed()
    ours, peer = updates()
    found = report.compare(ours, peer, pairs=9, clock=time.process_time)
    each = {name: statistics.median(times) for name, times in apart.items()}
    found |= {
        "ours_seconds_apart": each["ours"],
        "peer_seconds_apart": each["peer"],
        "times_faster_apart": each["peer"] / each["ours"],
    }
    report.save("lstm", found, seed=SEED, notes=(__doc__ or "").split("\n")[0])


def updates() -> tuple[Callable[[], None], Callable[[], None]]:
    """Ours and the peer's, whose gradients agree."""
    torch.manual_seed(SEED)
    normal, abnormal = (torch.rand(BAGS, SEGMENTS, DIMENSION) for _ in range(2))
    ours, peer = methods()
    check_equal(ours, peer, normal, abnormal)
    return lambda: update(ours, normal, abnormal), lambda: update(peer, normal, abnormal)


def apart_seconds(name: str) -> float:
    """Of an update, in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.lstm", name]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def alone(name: str) -> float:
    """The median of some updates, once two have warmed up."""
    if name == "ours":
        memory.keep_freed()
    work = updates()[0 if name == "ours" else 1]
    times = [report.seconds(work, clock=time.process_time) for _ in range(2 + UPDATES)]
    return statistics.median(times[2:])


def methods() -> tuple[BiLSTMMIL, BiLSTMMIL]:
    ours = BiLSTMMIL(BiLSTMMILConfig(dropout=0.0), torch.device("cpu"))
    ours.set_dimension(DIMENSION)
    peer = copy.deepcopy(ours)
    assert isinstance(peer.network, RecurrentRanking)
    theirs = TorchLSTM(DIMENSION, 256, num_layers=2, batch_first=True, bidirectional=True)
    theirs.load_state_dict(peer.network.lstm.state_dict())
    peer.network.lstm = theirs  # type: ignore[assignment]
    for method in (ours, peer):
        method.adam = method.optimiser(method.learnt)  # type: ignore[attr-defined]
    return ours, peer


def update(method: BiLSTMMIL, normal: Tensor, abnormal: Tensor) -> None:
    method.adam.zero_grad()  # type: ignore[attr-defined]
    method.losses(normal, abnormal)["loss"].backward()
    method.adam.step()  # type: ignore[attr-defined]


def check_equal(ours: BiLSTMMIL, peer: BiLSTMMIL, normal: Tensor, abnormal: Tensor) -> None:
    for method in (ours, peer):
        method.losses(normal, abnormal)["loss"].backward()
    theirs = dict(peer.learnt.named_parameters())
    for name, weights in ours.learnt.named_parameters():
        other = theirs[name].grad
        assert weights.grad is not None
        assert other is not None
        assert torch.allclose(weights.grad, other, atol=1e-5), f"{name} has another gradient"


if __name__ == "__main__":
    main()
