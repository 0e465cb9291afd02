"""What members choose when they share, and how the addresses of pages name what is shared."""

from __future__ import annotations

import math
from typing import Any

from django import forms
from django.core.exceptions import BadRequest
from django.http import Http404, QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from webapp.sharing.models import ShareLink
from webapp.sharing.services import DEFAULT_DAYS, LIVES_IN_DAYS, MAX_NOTE_LENGTH

NEVER = "never"
LIVES = [
    *((str(days), gettext_lazy("%d days") % days) for days in LIVES_IN_DAYS),
    (NEVER, gettext_lazy("never, only when it is revoked")),
]


class ShareForm(forms.Form):
    expires = forms.ChoiceField(
        label=gettext_lazy("Expires after"), choices=LIVES, initial=str(DEFAULT_DAYS)
    )
    includes_video = forms.BooleanField(
        label=gettext_lazy("Show the video too, not only its curves and events"), required=False
    )
    note = forms.CharField(
        label=gettext_lazy("Note"),
        max_length=MAX_NOTE_LENGTH,
        required=False,
        help_text=gettext_lazy("For your team alone, for example whom it is for."),
    )

    def __init__(self, *args: Any, kind: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if kind != ShareLink.Kind.MOMENT:
            del self.fields["includes_video"]

    @property
    def choices(self) -> dict[str, Any]:
        """For `services.create_link`."""
        cleaned = self.cleaned_data
        return {
            "days": None if cleaned["expires"] == NEVER else int(cleaned["expires"]),
            "includes_video": cleaned.get("includes_video", False),
            "note": cleaned["note"],
        }


def kind_in(query: QueryDict) -> str:
    kind = query.get("kind", "")
    if kind not in ShareLink.Kind.values:
        raise Http404(f"nothing of kind {kind} is shared")
    return kind


def ids_in(query: QueryDict) -> dict[str, Any]:
    """What an address names, in the words of the page that it is shared from."""
    return {
        "runs": query.getlist("run"),
        "dataset": query.get("dataset"),
        "video": query.get("video"),
        "protocol": query.get("protocol"),
        "truth": query.get("truth"),
        "frame": _whole(query, "f"),
        "window": _window(query),
        "threshold": _number(query, "t"),
    }


def _window(query: QueryDict) -> list[int] | None:
    first, end = _whole(query, "from"), _whole(query, "to")
    return None if first is None or end is None else [first, end]


def _whole(query: QueryDict, name: str) -> int | None:
    value = _number(query, name)
    return None if value is None else int(value)


def _number(query: QueryDict, name: str) -> float | None:
    text = query.get(name)
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        sentence = _("%(name)s is “%(text)s” where a number is expected.")
        raise BadRequest(sentence % {"name": name, "text": text})
    return value
