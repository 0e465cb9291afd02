"""Scoring of a run's videos. It ends what a training has begun, so it goes first."""

from django.utils.translation import gettext_lazy as _

from webapp.jobs.kinds._base import Kind

KIND = Kind(
    name="score",
    title=_("Score"),
    working=_("Scoring"),
    subject=_("its run"),
    page="runs:detail",
    route="api:run",
    place=3,
    turn=0,
)
