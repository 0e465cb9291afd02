"""Evaluation of a run's scores: short, and the last of what a training has begun."""

from django.utils.translation import gettext_lazy as _

from webapp.jobs.kinds._base import Kind

KIND = Kind(
    name="evaluate",
    title=_("Evaluate"),
    working=_("Evaluating"),
    subject=_("its run"),
    page="runs:detail",
    route="api:run",
    place=4,
    turn=0,
)
