"""Detection methods, one file each.

To add one, write `ml/methods/<name>.py` with a frozen config dataclass whose defaults are
the paper's, a class with `@register`, and a `tiny` config that learns the tests' toy in
seconds. No list is edited: the catalogue imports every module of this package, and of
other packages that name theirs under the entry point group `iwakan.methods`.
"""

from ml.methods._base import METHODS, Method, Reads, ReadySweep, Variant, option, register
from ml.methods._clips import ClipMethod
from ml.methods._fingerprint import fingerprint
from ml.methods._one_class import OneClassMethod, ScoringState
from ml.methods._restoring import BeginsInOwnWay, restore
from ml.methods._weak import WeakMethod

__all__ = [
    "METHODS",
    "BeginsInOwnWay",
    "ClipMethod",
    "Method",
    "OneClassMethod",
    "Reads",
    "ReadySweep",
    "ScoringState",
    "Variant",
    "WeakMethod",
    "fingerprint",
    "option",
    "register",
    "restore",
]  # fmt: skip
