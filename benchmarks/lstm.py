"""An update of Bi-LSTM+MIL with our bidirectional LSTM, against the same with torch's.

    python -m benchmarks.lstm

32 + 32 bags of 64 segments × 2048 numbers, both in float32 on the same cores: forward pass, loss,
gradients and the step of the optimiser. The peer is the same method with `nn.LSTM` in its place.
Both start from the same weights; that their gradients agree is checked.
"""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn

from benchmarks import report
from ml.methods.bilstm_mil import BiLSTMMIL, BiLSTMMILConfig
from ml.models.recurrent_ranking import RecurrentRanking

SEED = 7
BAGS, SEGMENTS, DIMENSION = 32, 64, 2048


class TorchLSTM(nn.LSTM):
    """Outputs alone, as ours gives."""

    def forward(self, inputs: Tensor) -> Tensor:  # type: ignore[override]
        return super().forward(inputs)[0]


def main() -> None:
    torch.set_num_threads(2)
    torch.manual_seed(SEED)
    normal, abnormal = (torch.rand(BAGS, SEGMENTS, DIMENSION) for _ in range(2))
    ours, peer = methods()
    check_equal(ours, peer, normal, abnormal)
    found = report.compare(
        lambda: update(ours, normal, abnormal), lambda: update(peer, normal, abnormal), pairs=9
    )
    report.save("lstm", found, seed=SEED, notes=(__doc__ or "").split("\n")[0])


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
