"""The sentences that an import leaves with what it brought."""

from __future__ import annotations

from typing import Any

from ml.normal import NORMAL, is_normal
from webapp.datasets import survey
from webapp.datasets.models import Dataset

Findings = list[dict[str, Any]]
MAX_FINDINGS = 200  # of a level: all stand in one row, which each of them writes again


def record_finding(dataset: Dataset, *, level: str, text: str, subject: str = "") -> None:
    if add_finding(dataset.report, level=level, text=text, subject=subject):
        dataset.save(update_fields=["report", "updated_at"])


def add_finding(report: Findings, *, level: str, text: str, subject: str = "") -> bool:
    """Once, however often it is told. What is too much for a report is only counted.

    Return whether the report has changed.
    """
    finding = {"level": level, "subject": survey.storable(subject), "text": survey.storable(text)}
    if finding in report:
        return False
    of_level = [each for each in report if each["level"] == level]
    if len(of_level) < MAX_FINDINGS:
        report.append(finding)
    elif len(of_level) == MAX_FINDINGS:
        report.append(_rest(level, 1))
    else:
        of_level[-1] |= _rest(level, of_level[-1]["n_more"] + 1)
    return True


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
