"""JSON that people bring: what Python's reader settles in silence is refused with its name."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from ml.findings import shortened
from ml.records import BadInput


def parse(text: str, name: str) -> Any:
    """The document in `text`, of the file `name`.

    Raise BadInput where it is none, where an object has a key twice, of which only the last
    would be left, and where a number is NaN or infinite.
    """

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            counts = Counter(key for key, _value in pairs)
            twice = [key[:80] for key, count in counts.items() if count > 1]
            raise BadInput(f"{name} has an object with two entries called {shortened(twice)}")
        return found

    def no_number(constant: str) -> Any:
        raise BadInput(f"{name} has {constant} where a number is expected")

    try:
        return json.loads(
            text.removeprefix("\ufeff"), object_pairs_hook=once, parse_constant=no_number
        )
    except RecursionError as error:
        raise BadInput(f"{name} is no JSON: it is nested too deep") from error
    except ValueError as error:
        raise BadInput(f"{name} is no JSON: {error}") from error
