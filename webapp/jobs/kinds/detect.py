"""Search for persons: long, and of all videos of a dataset."""

from django.utils.translation import gettext_lazy as _

from webapp.jobs.kinds._base import Kind

KIND = Kind(
    name="detect",
    title=_("Find persons"),
    working=_("Finding persons"),
    subject=_("its search"),
    page="datasets:detection",
    route="api:detection",
    place=1,
    is_short=False,
)
