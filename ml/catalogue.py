"""What the modules of a package add to it: a file there is all that a new kind takes."""

from __future__ import annotations

import importlib
import pkgutil
from typing import Generic, TypeVar

from ml.records import BadInput

T = TypeVar("T")


class Catalogue(Generic[T]):
    """Classes of one kind, each under the name of the module of `package` that registers it."""

    def __init__(self, package: str, kind: str) -> None:
        """`kind` is what one of them is called in sentences."""
        self._package = package
        self._kind = kind
        self._known: dict[str, type[T]] = {}
        self._is_loaded = False

    def register(self, added: type[T]) -> type[T]:
        """Raise ValueError where another is known by the name of its module."""
        name = added.__module__.rpartition(".")[2]
        if name in self._known:
            known = self._known[name]
            raise ValueError(
                f"{added.__module__}.{added.__name__} would be a second {self._kind} named {name}: "
                f"{known.__module__}.{known.__name__} has that name"
            )
        self._known[name] = added
        return added

    def load(self) -> dict[str, type[T]]:
        """All by name. The modules are looked for once; those that begin with _ add nothing."""
        if not self._is_loaded:
            folder = importlib.import_module(self._package).__path__
            for module in pkgutil.iter_modules(folder):
                if not module.name.startswith("_"):
                    importlib.import_module(f"{self._package}.{module.name}")
            self._is_loaded = True
        return self._known

    def find(self, name: str) -> type[T]:
        """Raise BadInput, with the names that are known, where there is none of that name."""
        known = self.load()
        if name not in known:
            raise BadInput(f"{name} is not a known {self._kind}: {', '.join(sorted(known))}")
        return known[name]

    def in_order(self) -> list[tuple[str, type[T]]]:
        """As they are asked what a file is: special ones before general ones, else by name."""
        return sorted(
            self.load().items(), key=lambda item: (getattr(item[1], "is_general", False), item[0])
        )
