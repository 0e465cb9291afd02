"""Preview of a clip. Somebody looks at the page and waits for it."""

from django.utils.translation import gettext_lazy as _

from webapp.jobs.kinds._base import Kind

KIND = Kind(
    name="preview",
    title=_("Preview a clip"),
    working=_("Making a preview"),
    subject=_("its preview"),
    page="results:preview",
    route="api:preview",
    place=5,
    turn=0,
)
