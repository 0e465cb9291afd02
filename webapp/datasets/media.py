"""The stored files of a video, for whoever may see the video."""

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from webapp.common.ranges import file_response
from webapp.datasets.models import Video


@require_safe
def poster(request: HttpRequest, video_id: str) -> HttpResponseBase:
    return file_response(request, _video(request, video_id).poster, content_type="image/jpeg")


@require_safe
def contact_sheet(request: HttpRequest, video_id: str) -> HttpResponseBase:
    sheet = _video(request, video_id).contact_sheet
    return file_response(request, sheet, content_type="image/jpeg")


@require_safe
def stream(request: HttpRequest, video_id: str) -> HttpResponseBase:
    """The proxy that browsers play, in parts as the player asks for them."""
    return file_response(request, _video(request, video_id).proxy, content_type="video/mp4")


def _video(request: HttpRequest, video_id: str) -> Video:
    videos = Video.objects.visible_to(request.user).without_times()
    return get_object_or_404(videos, pk=video_id)
