"""What people may say of how features were made."""

from __future__ import annotations

from typing import Any

import pytest

from ml.data.features.lengths import Taking
from ml.data.features.provenance import checked, in_words, taking_of
from ml.records import BadInput


def test_what_is_empty_is_left_out() -> None:
    given = {"resize": "340 × 256", "normalisation": "", "stack": None, "frame_rate": 25}

    assert checked(given) == {"resize": "340 × 256", "frame_rate": 25}


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"colour": "blue"}, "colour: known are resize, normalisation, crop_order, "),
        ({"resize": 3}, "resize: text of at most 200 characters"),
        ({"resize": "x" * 201}, "resize: text of at most 200"),
        ({"crop_order": "mine"}, "crop_order: 'mine' is none of torchvision, gowtham"),
        ({"crop_order": ["wu"]}, "crop_order: "),
        ({"snippet_rule": "floor"}, "snippet_rule: 'floor' is none of whole, padded, pairs"),
        ({"stack": 0}, "stack: 0 is not between 1 and 100000 frames"),
        ({"stack": True}, "stack: True"),
        ({"frame_rate": 0.0}, "frame_rate: 0.0 is no rate"),
        ({"frame_rate": float("nan")}, "frame_rate: nan"),
    ],
)
def test_what_cannot_be_is_refused(given: dict[str, Any], sentence: str) -> None:
    with pytest.raises(BadInput) as caught:
        checked(given)

    assert str(caught.value).startswith(sentence)


def test_how_frames_were_taken() -> None:
    assert taking_of({}, 16) == Taking(step=16)
    assert taking_of({"stack": 64, "frame_rate": 25}, 16) == Taking(step=16, stack=64, rate=25)


def test_facts_in_words() -> None:
    facts = {"frame_rate": 25.0, "crop_order": "centre", "snippet_rule": "whole"}

    assert in_words(facts) == [
        ("Order of crops", "the centre alone"),
        ("Rows of a video", "whole rows alone"),
        ("Frames per second", "25"),
    ]
