"""JSON that people bring: what Python's reader settles in silence is refused with its name."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable
from typing import Any

from ml.bad_input import BadInput
from ml.findings import shortened

SURROGATE = re.compile("[\ud800-\udfff]")


def parse(
    text: str, name: str, *, fraction: Callable[[str], float] = float, has_gaps: bool = False
) -> Any:
    """The document in `text`, of the file `name`; `fraction` reads numbers that are not whole.

    Raise BadInput where it is none, where an object has a key twice, of which only the last
    would be left, where a key is no text, and, unless it `has_gaps`, where a number is NaN or
    infinite.
    """

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            counts = Counter(key for key, _value in pairs)
            twice = [key[:80] for key, count in counts.items() if count > 1]
            raise BadInput(f"{name} has an object with two entries called {shortened(twice)}")
        for key in found:
            check_text(key, name)
        return found

    def no_number(constant: str) -> float:
        if has_gaps:
            return float(constant)
        raise BadInput(f"{name} has {constant} where a number is expected")

    try:
        return json.loads(
            text.removeprefix("\ufeff"),
            object_pairs_hook=once,
            parse_float=fraction,
            parse_constant=no_number,
        )
    except RecursionError as error:
        raise BadInput(f"{name} is no JSON: it is nested too deep") from error
    except ValueError as error:
        raise BadInput(f"{name} is no JSON: {error}") from error


def check_text(given: str, name: str) -> None:
    """Raise BadInput for half a pair of surrogates: JSON can say it, and nothing can write it."""
    if SURROGATE.search(given):
        raise BadInput(f"{name} has the name {given[:80]!r}, which is no text")
