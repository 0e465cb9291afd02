"""Stores ground truth: every change of it is a new version.

What a dataset's folder says comes with its import. What people bring is accepted by them, and
an import that finds the folder unchanged leaves it in force.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from django.db import transaction
from django.db.models import Max

from ml.records import hash_of
from webapp.datasets import survey
from webapp.datasets.models import AnnotationSet, Dataset, Interval, Video
from webapp.datasets.report import record_finding, storable_label

# Video name -> [start frame, end frame (exclusive), label], as a child process reports it.
Reported = dict[str, list[tuple[int, int, str]]]
NONE_FOUND = "none found"
MAX_SOURCE_LENGTH = 300
LOST_EVENTS = (
    "The events that the ground truth has for it belong to what the video was before, and count "
    "no longer: it is normal throughout until its ground truth is brought again."
)
GONE_EVENTS = "The ground truth has events for it, which count no longer: the video is gone."


@transaction.atomic
def record_annotations(dataset: Dataset, *, event: dict[str, Any]) -> AnnotationSet:
    """Store what the folder says as a new version, unless it said the same before."""
    intervals = list(_accepted_intervals(dataset, event["intervals"]))
    before = dataset.annotation_sets.filter(provenance={}).first()
    if before and _is_in_force(before) and before.content_hash == ground_truth_hash(intervals):
        stored = before
    else:
        source = survey.storable(event["source"])[:MAX_SOURCE_LENGTH]
        stored = add_version(dataset, intervals, source=source)
    stored.imported_by_id = dataset.import_job_id
    stored.save(update_fields=["imported_by"])
    return stored


def _is_in_force(stored: AnnotationSet) -> bool:
    """Not when a video got another row with the same bytes: other pixels are read from them."""
    return not stored.intervals.filter(video__status=Video.Status.RETIRED).exists()


def ensure_ground_truth(dataset: Dataset) -> None:
    """An import that found no ground truth says so, unless people have brought some."""
    of_import = dataset.annotation_sets.filter(imported_by=dataset.import_job_id)
    if of_import.exists() or dataset.annotation_sets.exclude(provenance={}).exists():
        return
    record_annotations(dataset, event={"source": NONE_FOUND, "intervals": {}})
    record_finding(
        dataset,
        level="warning",
        text="No ground truth was found: every video counts as normal throughout.",
    )


def report_lost_events(dataset: Dataset) -> None:
    """Say which events of the newest ground truth lie in videos that were retired."""
    truth = dataset.ground_truth
    retired = dataset.videos.filter(
        status=Video.Status.RETIRED, intervals__annotation_set=truth
    ).order_by("name")
    current = set(dataset.videos.current().values_list("name", flat=True))
    for name in retired.values_list("name", flat=True).distinct():
        replaced = name in current
        record_finding(
            dataset,
            level="error" if replaced else "warning",
            subject=name,
            text=LOST_EVENTS if replaced else GONE_EVENTS,
        )


def add_version(
    dataset: Dataset,
    intervals: list[Interval],
    *,
    source: str,
    provenance: dict[str, Any] | None = None,
) -> AnnotationSet:
    """The next version, with `intervals` that are not stored yet."""
    Dataset.objects.select_for_update(of=["self"]).get(pk=dataset.pk)  # one number each
    last = dataset.annotation_sets.aggregate(last=Max("version"))["last"]
    stored = AnnotationSet.objects.create(
        dataset=dataset,
        version=(last or 0) + 1,
        source=source,
        provenance=provenance or {},
        content_hash=ground_truth_hash(intervals),
    )
    for interval in intervals:
        interval.annotation_set = stored
    Interval.objects.bulk_create(intervals)
    return stored


def ground_truth_hash(intervals: Iterable[Interval]) -> str:
    """Intervals together with the content of the video that they lie in."""
    return hash_of(
        sorted(
            [row.video.name, row.video.sha256, row.start_frame, row.end_frame, row.label]
            for row in intervals
        )
    )


def _accepted_intervals(dataset: Dataset, reported: Reported) -> Iterator[Interval]:
    """What lies in a video that is here; the report names the rest."""
    videos = {video.name: video for video in dataset.videos.current().without_times()}
    for name, triples in reported.items():
        for start, end, label in triples:
            if refusal := survey.interval_refusal(videos.get(name), start, end):
                record_finding(dataset, level="error", subject=name, text=refusal)
                continue
            label = storable_label(dataset, label, subject=name)
            yield Interval(video=videos[name], start_frame=start, end_frame=end, label=label)
