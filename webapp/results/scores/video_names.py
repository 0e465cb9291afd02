"""Which videos of a run a score file means, and what there is to say where it means none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from django.utils.translation import gettext as _

from ml.naming import NameIndex
from webapp.common.errors import UserError
from webapp.datasets.models import Part, Video
from webapp.datasets.order import clips_in_order
from webapp.results.spreadsheets import unguarded
from webapp.runs.models import Run

MAX_SHOWN = 5
GivenT = TypeVar("GivenT")


class Named:
    """The test videos of a run, and those of validation, by id or by what people call them.

    What may be one of each part is neither: the name has to tell its folder.
    """

    def __init__(self, run: Run) -> None:
        self.tested = clips_in_order(run.split, Part.TEST)
        self.held_out = clips_in_order(run.split, Part.VALIDATION)
        self._part = {video.pk: Part.VALIDATION for video in self.held_out}
        known = [*self.tested, *self.held_out]
        self._by_id = {video.pk: video for video in known}
        self._index = NameIndex(
            known, name=lambda video: video.name, part=lambda v: self._part.get(v.pk, Part.TEST)
        )

    def find(self, name: str) -> Video | None:
        if name in self._by_id:
            return self._by_id[name]
        # Our own tables guard names.
        found = {self._index.find(each) for each in (name, unguarded(name))} - {None}
        return found.pop() if len(found) == 1 else None

    def all(self, given: Mapping[str, GivenT]) -> dict[Video, GivenT]:
        """By video. Raise UserError where a name means none, or where two mean one."""
        found = {name: self.find(name) for name in given}
        if unknown := [name for name, video in found.items() if video is None]:
            raise UserError(self._refusal(unknown, len(given)), code="unknown_video")
        by_video: dict[Video, GivenT] = {}
        named: dict[Video, str] = {}
        for name, video in found.items():
            assert video is not None
            if (other := named.setdefault(video, name)) != name:
                sentence = _("Two arrays, %(other)s and %(name)s, are named after the same video.")
                raise UserError(sentence % {"other": other, "name": name}, code="twice")
            by_video[video] = given[name]
        return by_video

    def _refusal(self, unknown: list[str], n_names: int) -> str:
        reasons = [f"{name} ({self._index.why_not(unguarded(name))})" for name in unknown]
        sentence = _(
            "%(n)d of %(all)d names are no test or validation video of this run: %(names)s. Its "
            "test videos are: %(known)s"
        )
        known = some([video.name for video in self.tested])
        words = {"n": len(unknown), "all": n_names, "names": some(reasons), "known": known}
        return sentence % words


def some(names: list[str]) -> str:
    rest = len(names) - MAX_SHOWN
    return ", ".join(names[:MAX_SHOWN]) + (f" … +{rest}" if rest > 0 else "")
