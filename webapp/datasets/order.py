"""In which order the videos of a part come, where a file goes through them without names.

One order for scores that come in or go out, for ground truth and for lists of names: that of the
list a split was taken from, else by id, as `ml.naming.in_order` has it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.utils.translation import gettext as _

from ml.naming import NameIndex, in_order, order_in_words
from webapp.datasets.models import Split, Video


def clips_in_order(split: Split, part: str) -> list[Video]:
    """The ready videos of a part."""
    videos = list(Video.objects.ready().in_split(split, part).without_times())
    if split.follows_list:
        members = split.members.filter(part=part).order_by("pk")
        place = {pk: at for at, pk in enumerate(members.values_list("video_id", flat=True))}
        return sorted(videos, key=lambda video: place[video.pk])
    by_name = {video.name: video for video in videos}
    return [by_name[name] for name in in_order(by_name)]


def stated_order(split: Split, videos: Sequence[Video]) -> str:
    """Part of a sentence for whoever sent a file without names: along which order it was laid."""
    names = order_in_words([video.name for video in videos])
    if split.follows_list:
        sentence = _("its scores go through %(names)s, as the list of %(split)s has them")
        return sentence % {"names": names, "split": split}
    sentence = _("its scores go through %s, by the last part of their names, 2 before 10")
    return sentence % names


def index_of(videos: Iterable[Video]) -> NameIndex[Video]:
    """Videos by what people call them. What a folder in a name says of the part must agree."""
    return NameIndex(videos, name=lambda video: video.name, part=lambda video: video.part)
