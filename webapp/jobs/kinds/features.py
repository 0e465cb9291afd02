"""Reading of a folder of features."""

from django.utils.translation import gettext_lazy as _

from webapp.jobs.kinds._base import Kind

KIND = Kind(
    name="features",
    title=_("Read features"),
    working=_("Reading features"),
    subject=_("its features"),
    page="datasets:feature_set",
    route="api:feature_set",
    place=1,
)
