"""The stored files of a video, for whoever may see the video."""

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from webapp.common.ranges import file_response
from webapp.datasets.models import Video

# By the name of its address: the field that holds it, and what it is.
FILES = {
    "poster": ("poster", "image/jpeg"),
    "contact_sheet": ("contact_sheet", "image/jpeg"),
    "stream": ("proxy", "video/mp4"),
}


@require_safe
def poster(request: HttpRequest, video_id: str) -> HttpResponseBase:
    return stored_file(request, _video(request, video_id), "poster")


@require_safe
def contact_sheet(request: HttpRequest, video_id: str) -> HttpResponseBase:
    return stored_file(request, _video(request, video_id), "contact_sheet")


@require_safe
def stream(request: HttpRequest, video_id: str) -> HttpResponseBase:
    """The proxy that browsers play, in parts as the player asks for them."""
    return stored_file(request, _video(request, video_id), "stream")


def stored_file(request: HttpRequest, video: Video, name: str) -> HttpResponseBase:
    """One of FILES, whoever it is that may see it. Raise Http404 where the video has none."""
    field, content_type = FILES[name]
    return file_response(request, getattr(video, field), content_type=content_type)


def _video(request: HttpRequest, video_id: str) -> Video:
    videos = Video.objects.visible_to(request.user).without_times()
    return get_object_or_404(videos, pk=video_id)
