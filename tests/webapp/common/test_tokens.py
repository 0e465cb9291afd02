"""Colours of the style sheet, read from it: everything must be legible in both themes."""

import re
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders

THEMES = ("light", "dark")
TEXTS = ("ink", "muted", "accent", "good", "warning", "danger")
MARKS = (*(f"run-{number}" for number in range(1, 9)), "line-strong", "ground-truth-line")


@pytest.fixture(scope="module")
def tokens():
    """Name of each colour token -> its light and its dark value."""
    sheet = Path(finders.find("iwakan/tokens.css")).read_text()
    pairs = re.findall(r"--([\w-]+): light-dark\((#\w{6}), (#\w{6})\)", sheet)
    return {name: dict(zip(THEMES, values, strict=True)) for name, *values in pairs}


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2 defines it."""
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("ground", ["paper", "surface", "raised"])
@pytest.mark.parametrize("text", TEXTS)
def test_text_stands_out(tokens, theme, ground, text):
    assert contrast(tokens[text][theme], tokens[ground][theme]) >= 4.5


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("ground", ["paper", "surface"])
@pytest.mark.parametrize("mark", MARKS)
def test_marks_stand_out(tokens, theme, ground, mark):
    assert contrast(tokens[mark][theme], tokens[ground][theme]) >= 3


@pytest.mark.parametrize("theme", THEMES)
def test_labels_of_primary_buttons_stand_out(tokens, theme):
    for ground in ("accent", "accent-hover"):
        assert contrast(tokens["on-accent"][theme], tokens[ground][theme]) >= 4.5
