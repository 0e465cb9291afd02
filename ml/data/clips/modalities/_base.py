"""What every modality is. Letters: L pictures of a clip, S side of a picture."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import fields
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from ml.catalogue import Catalogue
from ml.configs import option as any_option

Pictures = NDArray[np.uint8]


class Modality(ABC):
    """One picture for each of a clip, as bytes. `Options` is a dataclass of what it may vary."""

    title: ClassVar[str]
    Options: ClassVar[type[Any]]

    def __init__(self, options: Any) -> None:
        self.options = options

    @classmethod
    def by(cls, config: Any) -> Self:
        """With those options that stand in `config`, among others, under the same names."""
        names = [each.name for each in fields(cls.Options)]
        return cls(cls.Options(**{name: getattr(config, name) for name in names}))

    @abstractmethod
    def of(self, pictures: Pictures) -> Pictures:
        """(L, S, S, 3) to (L, S, S, 3)."""


MODALITIES: Catalogue[Modality] = Catalogue("ml.data.clips.modalities", "modality")
register = MODALITIES.register


def option(title: str, description: str, **limits: Any) -> Any:
    """As a form shows it, among how data are made."""
    return any_option("Data", title, description, **limits)


def first_repeated(pairs: Pictures) -> Pictures:
    """(L - 1, …) between neighbours to (L, …): the first comes twice, for nothing is before it."""
    return np.concatenate([pairs[:1], pairs])
