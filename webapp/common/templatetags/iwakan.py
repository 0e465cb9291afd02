"""How the pages write times, durations, numbers and icons."""

import math
from datetime import datetime, timedelta
from typing import Any

from django import template
from django.utils import formats, timezone
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.timesince import timesince, timeuntil
from django.utils.translation import gettext as _

register = template.Library()

MISSING = "–"
MINUTE, HOUR, DAY = 60, 3_600, 86_400


@register.simple_tag
def relative_time(moment: datetime | None) -> str:
    """“3 minutes ago”, with the exact time on hover."""
    if moment is None:
        return MISSING
    absolute = formats.date_format(timezone.localtime(moment), "Y-m-d H:i:s e")
    return format_html(
        '<time datetime="{}" title="{}">{}</time>', moment.isoformat(), absolute, _distance(moment)
    )


def _distance(moment: datetime) -> str:
    now = timezone.now()
    if abs(now - moment) < timedelta(minutes=1):
        return _("just now")
    if moment > now:
        return _("in %(time)s") % {"time": timeuntil(moment, now, depth=1)}
    return _("%(time)s ago") % {"time": timesince(moment, now, depth=1)}


@register.filter
def duration(seconds: float | timedelta | None) -> str:
    """“8.4 s”, “3 min 05 s”, “1 h 02 min”, “2 d 03 h”."""
    if isinstance(seconds, timedelta):
        seconds = seconds.total_seconds()
    if seconds is None or not math.isfinite(seconds):
        return MISSING
    if seconds < 9.95:
        return _("%(seconds).1f s") % {"seconds": seconds}
    whole = round(seconds)
    if whole < MINUTE:
        return _("%(seconds)d s") % {"seconds": whole}
    if whole < HOUR:
        return _("%(minutes)d min %(seconds)02d s") % _parts(whole, minutes=MINUTE, seconds=1)
    if whole < DAY:
        return _("%(hours)d h %(minutes)02d min") % _parts(whole, hours=HOUR, minutes=MINUTE)
    return _("%(days)d d %(hours)02d h") % _parts(whole, days=DAY, hours=HOUR)


def _parts(seconds: int, /, **units: int) -> dict[str, int]:
    parts = {}
    for name, size in units.items():
        parts[name], seconds = divmod(seconds, size)
    return parts


@register.filter
def metric(value: float | None) -> str:
    """Three decimals; what is missing or undefined is a dash, not a zero."""
    return digits(value, 3)


@register.filter
def digits(value: float | None, n: int) -> str:
    """As `metric`, with `n` decimals."""
    if value is None or not math.isfinite(value):
        return MISSING
    # Rounded first: Django's own formatting cuts digits off.
    return formats.number_format(round(value, n), decimal_pos=n)


@register.filter
def signed(value: float | None, n: int = 3) -> str:
    """As `digits`, with its sign: a difference."""
    shown = digits(value, n)
    return f"+{shown}" if value is not None and round(value, n) > 0 else shown.replace("-", "−")


@register.simple_tag
def icon(name: str) -> SafeString:
    """A symbol of `_partials/icons.html`; a label stands beside it or on its button."""
    return format_html(
        '<svg class="icon" aria-hidden="true"><use href="#icon-{}"></use></svg>', name
    )


@register.simple_tag(takes_context=True)
def is_current(
    context: dict[str, Any], url: str, exact: bool | str = False, also: str = ""
) -> SafeString:
    """Marks the link to the section that the page belongs to.

    All pages below `url` do unless it is meant `exact`, and those below the addresses in `also`,
    which spaces part.
    """
    path = context["request"].path
    sections = [] if exact else [url, *also.split()]
    is_here = path == url or any(f"{path}/".startswith(f"{each}/") for each in sections)
    return mark_safe('aria-current="page"') if is_here else SafeString()


@register.simple_tag(takes_context=True)
def member_link(context: dict[str, Any], text: Any, address: str) -> str:
    """A link on members' pages; on a shared one the text alone, since outsiders cannot follow."""
    if context.get("is_shared"):
        return conditional_escape(text)
    return format_html('<a href="{}">{}</a>', address, text)
