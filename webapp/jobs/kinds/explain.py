"""Explanation of a run's scores on one video. Somebody looks at the page and waits for it."""

from django.utils.translation import gettext_lazy as _

from webapp.jobs.kinds._base import Kind

KIND = Kind(
    name="explain",
    title=_("Explain"),
    working=_("Explaining"),
    subject=_("its run"),
    page="runs:detail",
    route="api:run",
    place=5,
    turn=0,
)
