"""What people may say of how features were made. Some of it explains their rows, all of it is kept.

The network and its weights have fields of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ml.data.features.lengths import IN_WORDS, Taking
from ml.records import BadInput

MAX_LENGTH = 200
MOST_FRAMES = 100_000
MOST_RATE = 1000.0
TITLES = {
    "resize": "Resized to",
    "normalisation": "Pixels normalised by",
    "crop_order": "Order of crops",
    "snippet_rule": "Rows of a video",
    "stack": "Frames seen for a row",
    "frame_rate": "Frames per second",
}
CROP_ORDERS = {
    "torchvision": "four corners, centre, then mirrored (torchvision's ten-crop)",
    "gowtham": "two upper corners, centre, two lower corners, then mirrored",
    "wu": "centre, four corners, then mirrored",
    "xd": "centre, four corners",
    "centre": "the centre alone",
}


def checked(given: Mapping[str, Any]) -> dict[str, Any]:
    """Without what is empty. Raise BadInput, the key first, where one is unknown or cannot be."""
    facts = {key: value for key, value in given.items() if value not in ("", None)}
    for key, value in facts.items():
        if key not in CHECKS:
            raise BadInput(f"{key}: known are {', '.join(CHECKS)}")
        if problem := CHECKS[key](value):
            raise BadInput(f"{key}: {problem}")
    return facts


def taking_of(facts: Mapping[str, Any], frames_per_row: int) -> Taking:
    """How frames were taken for rows."""
    stack, rate = facts.get("stack", 0), facts.get("frame_rate", 0.0)
    return Taking(step=frames_per_row, stack=stack, rate=rate)


def in_words(facts: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Titles and values, for people."""
    return [(TITLES[key], _spoken(key, facts[key])) for key in TITLES if key in facts]


def _spoken(key: str, value: Any) -> str:
    known = {"snippet_rule": IN_WORDS, "crop_order": CROP_ORDERS}.get(key, {})
    return known.get(value, f"{value:g}" if isinstance(value, float) else str(value))


def _text(value: Any) -> str:
    fits = isinstance(value, str) and len(value) <= MAX_LENGTH
    return "" if fits else f"text of at most {MAX_LENGTH} characters is expected"


def _one_of(known: Mapping[str, str]) -> Callable[[Any], str]:
    names = list(known)
    return lambda value: "" if value in names else f"{value!r} is none of {', '.join(names)}"


def _frames(value: Any) -> str:
    fits = isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= MOST_FRAMES
    return "" if fits else f"{value!r} is not between 1 and {MOST_FRAMES} frames"


def _rate(value: Any) -> str:
    fits = isinstance(value, int | float) and not isinstance(value, bool)
    fits = fits and 0 < value <= MOST_RATE
    return "" if fits else f"{value!r} is no rate between 0 and {MOST_RATE:g} frames per second"


CHECKS: dict[str, Callable[[Any], str]] = {
    "resize": _text,
    "normalisation": _text,
    "crop_order": _one_of(CROP_ORDERS),
    "snippet_rule": _one_of(IN_WORDS),
    "stack": _frames,
    "frame_rate": _rate,
}
