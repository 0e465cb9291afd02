"""Training of a run."""

from django.utils.translation import gettext_lazy as _

from webapp.jobs.kinds._base import Kind

KIND = Kind(
    name="train",
    title=_("Train"),
    working=_("Training"),
    subject=_("its run"),
    page="runs:detail",
    route="api:run",
    place=2,
    is_short=False,
)
