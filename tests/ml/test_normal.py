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
        "normal1", "normal_02", "Normal: walking", "NORMAL (walking)", "NonAnomaly", "non-abnormal",
        "no incident", "no accident detected", "nothing happens", "without anomaly", "OK", "good",
        "異状なし", "特に問題なし", "問題無し", "非異常", "通常時", "平常時", "正常（異常なし）",
        "歩行正常",
        "未见异常", "没有明显异常", "无异常情况", "非异常", "异常无", "一切正常", "行为正常", "無",
        "무이상", "평상시", "특이사항 없음", "정상(보행)", "보행 정상", "이상은 없음", "아니오",
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
        "不正常", "no helmet", "fight", "Violence", "subnormal", "-1", "N", "x", "no entry",
        "unsafe",
        "正常からの逸脱", "通常と異なる動き", "正常以外", "非正常行为", "从正常到异常",
        "超出正常", "偏离正常",
        "정상이 아님", "정상범위 초과", "정상 이탈", "정상에서 벗어남", "이상 행동",
        "無断侵入", "无证驾驶",
        "nonstop", "nothingness", "casino event",
    ],
)  # fmt: skip
def test_labels_that_do_not(label: str) -> None:
    assert not is_normal(label)
    assert canonical_label(label) == label


def test_a_dataset_has_words_of_its_own() -> None:
    assert not is_normal("Routine-Work")
    assert is_normal("routine work", also=["Routine_Work"])
    assert not is_normal("", also=[""])
    assert is_normal("-1", also=["-1"])
    assert not is_normal("1", also=["-1"])
