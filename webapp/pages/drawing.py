"""Regions on the video page: those of a set, and what people draw there."""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _

from webapp.accounts.http import AuthenticatedRequest, get_or_post
from webapp.accounts.permissions import Permission, permissions_of, require
from webapp.common.errors import UserError
from webapp.datasets import drawing
from webapp.datasets.models import Region, RegionSet, Video

NUMBERS = ("start_frame", "end_frame")
FIELDS = {*NUMBERS, *drawing.SIDES, "label"}


@get_or_post
def regions(request: AuthenticatedRequest, video_id: str) -> HttpResponse:
    """Those of the set in the address; a POST makes its next version. For the page's script."""
    video = _video(request, video_id)
    if request.method == "GET":
        region_set = _set(video, request.GET.get("set", ""))
        found = region_set.regions.filter(video=video) if region_set else []
        return JsonResponse({"regions": [_as_json(region) for region in found]})
    require(request.user, Permission.DATASET_IMPORT, team=video.dataset.team)
    try:
        made = drawing.save_drawn(
            video=video,
            name=request.POST.get("name", ""),
            base=_set(video, request.POST.get("base", "")),
            regions=_given(request.POST.get("regions", "")),
            by=request.user,
        )
    except UserError as error:
        return JsonResponse({"sentence": error.sentence}, status=error.status_code)
    return JsonResponse({"id": made.pk, "name": made.name, "title": str(made)}, status=201)


def facts_for_drawing(request: HttpRequest, video: Video) -> dict[str, Any]:
    """What the script of the page knows; nothing of videos whose size is not known."""
    may_draw = Permission.DATASET_IMPORT in permissions_of(request.user, team=video.dataset.team)
    sets = drawing.newest_sets(video.dataset)
    wanted = request.GET.get("regions", "")
    if wanted and wanted not in {each.pk for each in sets}:
        sets += video.dataset.region_sets.filter(pk=wanted)
    return {
        "url": reverse("results:regions", args=[video.pk]),
        "size": [video.width, video.height],
        "may_draw": may_draw,
        "chosen": wanted,
        "sets": [{"id": each.pk, "name": each.name, "title": str(each)} for each in sets],
    }


def _as_json(region: Region) -> dict[str, Any]:
    return {name: getattr(region, name) for name in sorted(FIELDS)}


def _given(text: str) -> list[dict[str, Any]]:
    """Raise UserError for what is no list of regions."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, list) or not all(_is_region(each) for each in found):
        raise UserError(_("What was drawn is no list of regions."))
    return found


def _is_region(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and value.keys() == FIELDS
        and isinstance(value["label"], str)
        and all(type(value[name]) is int for name in NUMBERS)
        and all(value[side] is None or type(value[side]) is int for side in drawing.SIDES)
    )


def _set(video: Video, region_set_id: str) -> RegionSet | None:
    return get_object_or_404(video.dataset.region_sets, pk=region_set_id) if region_set_id else None


def _video(request: HttpRequest, video_id: str) -> Video:
    videos = Video.objects.visible_to(request.user).select_related("dataset__team")
    found: Video = get_object_or_404(videos.without_times(), pk=video_id)
    return found
