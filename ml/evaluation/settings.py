"""The fields of a protocol: everything that decides a number besides scores and ground truth."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, get_args

from ml.evaluation.catalogue import METRICS
from ml.records import BadInput

Normalisation = Literal["none", "per_video", "test_set"]
Missing = Literal["nearest", "drop"]


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How numbers are computed.

    `normalisation` stretches scores to 0…1 by the lowest and highest of each video or of the
    whole test set. `missing` frames without a score take that of the `nearest` one, or are
    left out. The first `drop_first` frames of each video do not count, for methods that
    predict from earlier frames. `macro_padding` adds an artificial normal frame of score 0
    and an abnormal one of score 1 to each video before the mean over videos, as some papers
    do so that none is undefined. `metric` is the number that leads.
    """

    normalisation: Normalisation = "none"
    missing: Missing = "nearest"
    drop_first: int = 0
    macro_padding: bool = False
    metric: str = "auroc"

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Settings:
        """Raise BadInput where a field is unknown or cannot have its value."""
        known = {each.name for each in fields(cls)}
        if unknown := sorted(set(value) - known):
            raise BadInput(f"{', '.join(unknown)}: not known; known are {', '.join(sorted(known))}")
        settings = cls(**value)
        settings.check()
        return settings

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    def check(self) -> None:
        """Raise BadInput where a field cannot have its value."""
        choices = {
            "normalisation": get_args(Normalisation),
            "missing": get_args(Missing),
            "metric": tuple(METRICS),
        }
        for name, allowed in choices.items():
            if getattr(self, name) not in allowed:
                raise BadInput(f"{name} {getattr(self, name)!r} is none of {', '.join(allowed)}")
        if type(self.drop_first) is not int or self.drop_first < 0:
            raise BadInput(f"drop_first: {self.drop_first!r} is no number of frames")
        if not isinstance(self.macro_padding, bool):
            raise BadInput("macro_padding is true or false")
