"""Regions that people draw on the picture of a video. Each save is the next version of a set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from ml.records import MAX_FRAMES, Box
from ml.regions import Region as Row
from webapp.accounts.models import User
from webapp.accounts.permissions import Permission, require
from webapp.audit.models import AuditEvent
from webapp.audit.services import record
from webapp.common.errors import ConflictError, UserError
from webapp.datasets import survey
from webapp.datasets.models import Dataset, Region, RegionSet, Video
from webapp.datasets.regions import MAX_ORIGIN_LENGTH, ROWS_AT_ONCE, as_row, check_name
from webapp.datasets.versions import next_version

MAX_DRAWN = 1000  # of one video
SIDES = ("left", "top", "width", "height")


@transaction.atomic
def save_drawn(
    *,
    video: Video,
    name: str,
    base: RegionSet | None,
    regions: Sequence[Mapping[str, Any]],
    by: User,
) -> RegionSet:
    """The next version of a set: `base` as it is, but for its regions of `video`, now these.

    Each has `start_frame`, `end_frame`, `label`, and `left`, `top`, `width`, `height`, or None for
    the whole picture. What exists is never changed. Raise UserError for a region that does not lie
    in the video, ConflictError where `base` is not the newest set of that name.
    """
    dataset = video.dataset
    require(by, Permission.DATASET_IMPORT, team=dataset.team)
    check_name(name)
    name = survey.storable(name.strip())
    rows = _rows(video, regions)
    version = next_version(dataset, dataset.region_sets, name)  # holds the dataset
    _check_base(dataset, base, name, newest=version - 1)
    others = base.regions.exclude(video=video) if base else Region.objects.none()
    if not rows and not others.exists():
        sentence = _("A set needs a region: draw one before you save.")
        raise UserError(sentence, code="no_region", field="regions")
    made = RegionSet.objects.create(
        dataset=dataset,
        name=name,
        version=version,
        origin=_origin(video, base),
        created_by=by,
    )
    _copy(others, made)
    Region.objects.bulk_create((as_row(made, video, row) for row in rows), batch_size=ROWS_AT_ONCE)
    record(
        AuditEvent.Act.REGIONS_DRAWN, made, team=dataset.team, by=by,
        dataset=dataset.name, video=video.name, n_regions=len(rows),
    )  # fmt: skip
    return made


def newest_sets(dataset: Dataset) -> list[RegionSet]:
    """Of each name the last version, the newest first."""
    newest = dataset.region_sets.values("name").annotate(newest=Max("id")).order_by()
    return list(dataset.region_sets.filter(pk__in=newest.values("newest")))


def checked(video: Video, region: Mapping[str, Any], *, number: int) -> Row:
    """Raise UserError, with its number, for one that is empty or lies outside."""
    start, end = region["start_frame"], region["end_frame"]
    sides = [region[side] for side in SIDES]
    fault = _fault(start, end, sides)
    if not fault:
        box = None if sides[0] is None else Box(**dict(zip(SIDES, sides, strict=True)))
        label = survey.storable(region["label"]).strip()[: survey.MAX_LABEL_LENGTH]
        row = Row(video=video.name, start_frame=start, end_frame=end, box=box, label=label)
        if not (fault := row.misfit(video.n_frames, video.width, video.height)):
            return row
    sentence = _("Region %(number)d does not lie in the video: %(fault)s.")
    values = {"number": number, "fault": fault}
    raise UserError(sentence % values, code="region_outside", field="regions")


def _origin(video: Video, base: RegionSet | None) -> str:
    over = f" over {base} ({base.origin})" if base else ""
    return f"drawn on {video.name}{over}"[:MAX_ORIGIN_LENGTH]


def _check_base(dataset: Dataset, base: RegionSet | None, name: str, *, newest: int) -> None:
    if base and base.dataset_id != dataset.pk:
        raise UserError(_("%s is a set of another dataset.") % base, field="base")
    if base and base.name == name:
        if base.version != newest:
            sentence = _(
                "%(name)s v%(newest)d has been saved since %(base)s was opened: load it, or save "
                "under another name."
            )
            values = {"name": name, "newest": newest, "base": base}
            raise ConflictError(sentence % values, code="newer_version", field="name")
    elif newest:
        sentence = _("There is a set %(name)s already: load it to change it, or take another name.")
        raise ConflictError(sentence % {"name": name}, code="name_taken", field="name")


def _copy(regions: Any, into: RegionSet) -> None:
    """Rows of another set, as they are."""
    copies = []
    for region in regions.iterator(ROWS_AT_ONCE):
        region.pk, region.region_set = None, into
        region._state.adding = True
        copies.append(region)
    Region.objects.bulk_create(copies, batch_size=ROWS_AT_ONCE)


def _rows(video: Video, regions: Sequence[Mapping[str, Any]]) -> list[Row]:
    if len(regions) > MAX_DRAWN:
        sentence = _("%(n)d regions are more than the %(max)d that can be drawn on a video.")
        raise UserError(sentence % {"n": len(regions), "max": MAX_DRAWN}, field="regions")
    return [checked(video, region, number=number) for number, region in enumerate(regions, start=1)]


def _fault(start: int, end: int, sides: Sequence[int | None]) -> str:
    """As a clause; empty where there is none."""
    if not 0 <= start < end <= MAX_FRAMES:
        return f"[{start}, {end}) is no range of frames"
    given = [side for side in sides if side is not None]
    if not given:
        return ""
    if len(given) < len(sides):
        return f"a box needs {', '.join(SIDES)}"
    left, top, width, height = given
    if width < 1 or height < 1:
        return f"its box of {width} × {height} pixels is empty"
    if left < 0 or top < 0:
        return f"its box begins outside the picture, at ({left}, {top})"
    return ""
