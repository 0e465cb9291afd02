"""Reading of a ground-truth file."""

from django.utils.translation import gettext_lazy as _

from webapp.jobs.kinds._base import Kind

KIND = Kind(
    name="annotate",
    title=_("Read ground truth"),
    working=_("Reading ground truth"),
    subject=_("its file"),
    page="datasets:ground_truth",
    route="api:annotation_import",
    place=1,
)
