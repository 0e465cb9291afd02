"""Brings in regions: boxes and clips of a dataset's videos, from a table."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from ml.findings import Finding, counted, shortened
from ml.normal import canonical_label
from ml.records import BadInput
from ml.regions import Region as Row
from ml.regions import read_regions
from webapp.accounts.models import User
from webapp.accounts.permissions import Permission, require
from webapp.audit.models import AuditEvent
from webapp.audit.services import record
from webapp.common.errors import UserError
from webapp.datasets import survey
from webapp.datasets.leaks import as_json
from webapp.datasets.models import Dataset, Region, RegionSet, Video
from webapp.datasets.order import index_of
from webapp.datasets.splits import MAX_FILE_BYTES, GivenList
from webapp.datasets.versions import next_version

MAX_NAME_LENGTH = 80
MAX_ORIGIN_LENGTH = 300
ROWS_AT_ONCE = 1000


@transaction.atomic
def import_regions(*, dataset: Dataset, name: str, file: GivenList, by: User) -> RegionSet:
    """A set of the regions in a table. What fits no video is told and left out. Raise UserError."""
    require(by, Permission.DATASET_IMPORT, team=dataset.team)
    check_name(name)
    rows = _read(file)
    placed, findings = _placed(dataset, rows)
    if not placed:
        text = _("None of the %(n)d regions lies in a video of this dataset: %(why)s.")
        why = findings[0].text if findings else ""
        raise UserError(text % {"n": len(rows), "why": why}, code="no_region", field="file")
    region_set = RegionSet.objects.create(
        dataset=dataset,
        name=survey.storable(name.strip()),
        version=next_version(dataset, dataset.region_sets, name.strip()),
        origin=survey.storable(file.name)[-MAX_ORIGIN_LENGTH:],
        report=[as_json(finding) for finding in findings],
        created_by=by,
    )
    Region.objects.bulk_create(
        (as_row(region_set, video, row) for video, row in placed), batch_size=ROWS_AT_ONCE
    )
    record(
        AuditEvent.Act.REGIONS_BROUGHT, region_set, team=dataset.team, by=by,
        dataset=dataset.name, n_regions=len(placed),
    )  # fmt: skip
    return region_set


def regions_of(region_set: RegionSet) -> dict[str, list[dict[str, Any]]]:
    """By video, as JSON of `ml.records.VideoRegion`; normal is what the dataset calls so."""
    also = region_set.dataset.normal_labels
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for region in region_set.regions.all():
        box = {name: getattr(region, name) for name in ("left", "top", "width", "height")}
        found[region.video_id].append(
            {
                "start_frame": region.start_frame,
                "end_frame": region.end_frame,
                "box": None if region.left is None else box,
                "label": canonical_label(region.label, also),
            }
        )
    return found


def check_name(name: str) -> None:
    """Raise UserError for one that no set can bear."""
    if not 0 < len(name.strip()) <= MAX_NAME_LENGTH:
        text = _("The name needs 1 to %(max)d characters.") % {"max": MAX_NAME_LENGTH}
        raise UserError(text, field="name")


def _read(file: GivenList) -> list[Row]:
    if len(file.data) > MAX_FILE_BYTES:
        text = _("%(file)s is larger than %(max)d MB.")
        raise UserError(text % {"file": file.name, "max": MAX_FILE_BYTES // 1_000_000})
    try:
        return read_regions(file.data, file.name)
    except BadInput as error:
        raise UserError(f"{error}.", code="unreadable", field="file") from error


def _placed(dataset: Dataset, rows: Sequence[Row]) -> tuple[list[tuple[Video, Row]], list[Finding]]:
    """Each with its video, and what is to be told of the others."""
    index = index_of(dataset.videos.ready().without_times())
    placed, unknown, outside = [], [], []
    for row in rows:
        video = index.find(row.video)
        if video is None:
            unknown.append(f"{row.video} ({index.why_not(row.video)})")
        elif misfit := row.misfit(video.n_frames, video.width, video.height):
            outside.append(f"{row.video}: {misfit}")
        else:
            placed.append((video, row))
    return placed, [
        *_left_out(unknown, "of no video here"),
        *_left_out(outside, "outside their video"),
    ]


def _left_out(rows: Sequence[str], clause: str) -> list[Finding]:
    names = list(dict.fromkeys(rows))
    if not names:
        return []
    text = f"left out {counted(len(rows), 'region')} {clause}: {shortened(names)}"
    return [Finding(level="warning", subject="regions", text=text)]


def as_row(region_set: RegionSet, video: Video, row: Row) -> Region:
    """Not stored yet."""
    box = row.box
    return Region(
        region_set=region_set,
        video=video,
        start_frame=row.start_frame,
        end_frame=video.n_frames if row.end_frame is None else row.end_frame,
        left=box.left if box else None,
        top=box.top if box else None,
        width=box.width if box else None,
        height=box.height if box else None,
        label=survey.storable(row.label)[: survey.MAX_LABEL_LENGTH],
        track=row.track,
    )
