"""Making of features: long, and of several jobs that share the videos."""

from django.utils.translation import gettext_lazy as _

from webapp.jobs.kinds._base import Kind

KIND = Kind(
    name="extract",
    title=_("Make features"),
    working=_("Making features"),
    subject=_("its features"),
    page="datasets:feature_set",
    route="api:feature_set",
    place=1,
    is_short=False,
)
