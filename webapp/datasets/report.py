"""The sentences that an import leaves with its dataset."""

from __future__ import annotations

from typing import Any

from ml.normal import NORMAL, is_normal
from webapp.datasets import survey
from webapp.datasets.models import Dataset

MAX_FINDINGS = 200  # of a level: all stand in one row, which each of them writes again


def record_finding(dataset: Dataset, *, level: str, text: str, subject: str = "") -> None:
    """Once, however often it is told. What is too much for the report is only counted."""
    finding = {"level": level, "subject": survey.storable(subject), "text": survey.storable(text)}
    if finding in dataset.report:
        return
    of_level = [each for each in dataset.report if each["level"] == level]
    if len(of_level) < MAX_FINDINGS:
        dataset.report.append(finding)
    elif len(of_level) == MAX_FINDINGS:
        dataset.report.append(_rest(level, 1))
    else:
        of_level[-1] |= _rest(level, of_level[-1]["n_more"] + 1)
    dataset.save(update_fields=["report", "updated_at"])


def _rest(level: str, n_more: int) -> dict[str, Any]:
    text = f"{n_more:,} more of this level were found; the report keeps {MAX_FINDINGS}."
    return {"level": level, "subject": "", "text": text, "n_more": n_more}


def storable_label(dataset: Dataset, label: str, *, subject: str) -> str:
    """`normal` for whatever says so here, otherwise as much of it as a row can hold.

    The report says so when that is not all.
    """
    if is_normal(label, dataset.normal_labels):
        return NORMAL
    kept = survey.storable(label)[: survey.MAX_LABEL_LENGTH]
    if kept != label:
        text = f"The label is cut to “{kept}”: it may have {survey.MAX_LABEL_LENGTH} characters."
        record_finding(dataset, level="warning", subject=subject, text=text)
    return kept
