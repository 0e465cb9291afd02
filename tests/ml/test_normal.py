"""Which labels say that nothing is wrong."""

from __future__ import annotations

import pytest

from ml.normal import NORMAL, canonical_label, is_normal


@pytest.mark.parametrize(
    "label",
    [
        "normal", "Normal", " NORMAL ", "Normal_Videos_event", "Training_Normal_Videos_Anomaly",
        "Testing_Normal_Videos_Anomaly", "normal walking", "normal-behaviour", "non-anomalous",
        "No anomaly", "not abnormal", "NonViolence", "non_fight", "noFight", "background", "0",
        "none", "正常", "正常歩行", "異常なし", "ﾉｰﾏﾙ", "정상", "정상 보행", "이상 없음", "无异常",
    ],
)  # fmt: skip
def test_labels_that_say_normal(label: str) -> None:
    assert is_normal(label)
    assert canonical_label(label) == NORMAL


@pytest.mark.parametrize(
    "label",
    [
        "", "abnormal", "Abnormal_event", "normal to abnormal", "fall", "fighting", "1",
        "paranormal", "異常", "正常でない", "正常ではない動き", "비정상", "정상 아님", "이상",
        "不正常", "no helmet", "fight", "Violence", "subnormal",
    ],
)  # fmt: skip
def test_labels_that_do_not(label: str) -> None:
    assert not is_normal(label)
    assert canonical_label(label) == label


def test_a_dataset_has_words_of_its_own() -> None:
    assert not is_normal("Routine-Work")
    assert is_normal("routine work", also=["Routine_Work"])
    assert not is_normal("", also=[""])
