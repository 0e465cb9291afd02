"""Import of a dataset."""

from django.utils.translation import gettext_lazy as _

from webapp.jobs.kinds._base import Kind

KIND = Kind(
    name="import",
    title=_("Import"),
    working=_("Importing"),
    subject=_("its dataset"),
    page="datasets:detail",
    route="api:dataset",
    place=0,
)
