"""Reading of weights that were trained elsewhere."""

from django.utils.translation import gettext_lazy as _

from webapp.jobs.kinds._base import Kind

KIND = Kind(
    name="weights",
    title=_("Read weights"),
    working=_("Reading weights"),
    subject=_("its weights"),
    page="runs:weights",
    route="api:weights",
    place=1,
)
