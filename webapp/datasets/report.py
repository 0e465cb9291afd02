"""The sentences that an import leaves with its dataset."""

from __future__ import annotations

from webapp.datasets import survey
from webapp.datasets.models import Dataset


def record_finding(dataset: Dataset, *, level: str, text: str, subject: str = "") -> None:
    finding = {"level": level, "subject": survey.storable(subject), "text": survey.storable(text)}
    if finding not in dataset.report:
        dataset.report.append(finding)
        dataset.save(update_fields=["report", "updated_at"])


def storable_label(dataset: Dataset, label: str, *, subject: str) -> str:
    """As much of it as a row can hold; the report says so when that is not all."""
    kept = survey.storable(label)[: survey.MAX_LABEL_LENGTH]
    if kept != label:
        text = f"The label is cut to “{kept}”: it may have {survey.MAX_LABEL_LENGTH} characters."
        record_finding(dataset, level="warning", subject=subject, text=text)
    return kept
