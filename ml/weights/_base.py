"""What a layout of published weights is, and how one is found."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from torch import Tensor

from ml.catalogue import Catalogue
from ml.findings import counted, shortened
from ml.records import BadInput

Weights = Mapping[str, Tensor]


@dataclass(frozen=True, kw_only=True)
class Imported:
    """Weights as our method names them.

    `config` are the fields that follow from the shapes, `usual` those that do not, as their authors
    have them, which may be told otherwise; `notes` what was left out or taken for granted, and why.
    """

    method: str
    layout: str
    config: Mapping[str, Any]
    tensors: dict[str, Tensor] = field(repr=False)
    usual: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


class WeightLayout(ABC):
    """`renamed` says where each of its tensors goes; "" for one that scoring has no use for."""

    title: ClassVar[str]
    source: ClassVar[str]  # whose code writes such files
    method: ClassVar[str]
    renamed: ClassVar[Mapping[str, str]]

    def takes(self, weights: Weights) -> bool:
        return weights.keys() == self.renamed.keys()

    def imported(self, weights: Weights) -> Imported:
        """Raise BadInput where a tensor has a shape that the layout cannot have."""
        self.check(weights)
        return Imported(
            method=self.method,
            layout=self.title,
            config=self.config_of(weights),
            tensors={new: weights[old] for old, new in self.renamed.items() if new},
            usual=self.usual(weights),
            notes=self.notes(weights),
        )

    def check(self, weights: Weights) -> None:  # noqa: B027
        """Raise BadInput where the shapes do not fit each other."""

    @abstractmethod
    def config_of(self, weights: Weights) -> Mapping[str, Any]:
        """Fields of the method's config that follow from the shapes."""

    def usual(self, weights: Weights) -> Mapping[str, Any]:
        """Fields that nothing in the weights tells, as the authors have them for such weights."""
        return {}

    def notes(self, weights: Weights) -> tuple[str, ...]:
        unused = sorted(old for old, new in self.renamed.items() if not new)
        text = f"{counted(len(unused), 'tensor')} that scoring never reads left out"
        return (f"{text}: {shortened(unused)}",) if unused else ()

    def differences(self, weights: Weights) -> str:
        """Which names are missing and which are not known, as a clause."""
        missing, unknown = (
            self.renamed.keys() - weights.keys(),
            weights.keys() - self.renamed.keys(),
        )
        parts = [("lacks", missing), ("has the unknown", unknown)]
        return " and ".join(f"{verb} {_named(names)}" for verb, names in parts if names)


LAYOUTS: Catalogue[WeightLayout] = Catalogue("ml.weights", "layout of weights")


def import_weights(weights: Weights, *, name: str, method: str = "") -> Imported:
    """Weights of a file `name` for `method`, or for whichever they are of.

    Raise BadInput where no layout has these tensors, or they are of another method.
    """
    layouts = [kind() for _name, kind in sorted(LAYOUTS.load().items())]
    found = next((layout for layout in layouts if layout.takes(weights)), None)
    if found is None:
        raise BadInput(_unknown(weights, name, layouts, method))
    if method and found.method != method:
        raise BadInput(f"{name} holds weights of {found.method} ({found.title}), not of {method}")
    return found.imported(weights)


def _unknown(weights: Weights, name: str, layouts: list[WeightLayout], method: str) -> str:
    fact = f"{name} holds {counted(len(weights), 'tensor')} in a layout that is not known here"
    meant = [layout for layout in layouts if layout.method == method]
    if method and not meant:
        return f"{fact}: no published layout of {method} is known"
    nearest = min(meant or layouts, key=lambda each: len(each.renamed.keys() ^ weights.keys()))
    return f"{fact}: against {nearest.title}, the nearest, it {nearest.differences(weights)}"


def _named(names: Iterable[str]) -> str:
    listed = sorted(names)
    return f"{len(listed)} ({shortened(listed)})"
