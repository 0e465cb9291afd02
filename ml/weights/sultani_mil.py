"""MIL ranking as the authors' Keras code publishes it: `weights_L1L2.mat`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from ml.records import BadInput
from ml.weights._base import LAYOUTS, Imported, WeightLayout, Weights

# Places of the three linear layers there, where layers 1 and 3 are dropouts, and in our network.
LAYERS = ((0, 0), (2, 3), (4, 5))
WIDTHS = (512, 32, 1)


@LAYOUTS.register
class SultaniMILLayout(WeightLayout):
    """A cell for each layer, of its weights (in, out), as Keras has them, and biases (1, out).

    Known from the code that writes and reads such files: the published one was not at hand to be
    tried. What is otherwise in it than that code has it is refused.
    """

    title = "MIL ranking of its authors (.mat)"
    source = "github.com/WaqasSultani/AnomalyDetectionCVPR2018"
    method = "sultani_mil"
    renamed = {
        f"{theirs}.{place}": f"{ours}.{kind}"
        for theirs, ours in LAYERS
        for place, kind in enumerate(("weight", "bias"))
    }

    def imported(self, weights: Weights) -> Imported:
        self.check(weights)
        return Imported(
            method=self.method,
            layout=self.title,
            config=self.config_of(weights),
            tensors={new: _as_torch_has(weights[old], new) for old, new in self.renamed.items()},
            notes=("Weights (in, out) turned to (out, in)",),
        )

    def check(self, weights: Weights) -> None:
        width = len(weights["0.0"])
        for (theirs, _ours), n_out in zip(LAYERS, WIDTHS, strict=True):
            expected = {"0": (width, n_out), "1": (1, n_out)}
            for place, shape in expected.items():
                found = tuple(weights[f"{theirs}.{place}"].shape)
                if found != shape:
                    raise BadInput(
                        f"Layer {theirs} holds an array of {_by(found)} where {_by(shape)} are "
                        "expected"
                    )
            width = n_out

    def config_of(self, weights: Weights) -> Mapping[str, Any]:
        return {}


def _as_torch_has(values: Tensor, name: str) -> Tensor:
    """(out, in), and biases (out,)."""
    return values.T.contiguous() if name.endswith(".weight") else values[0].clone()


def _by(shape: tuple[int, ...]) -> str:
    return " × ".join(map(str, shape))
