"""Addresses of the site; each app keeps its own."""

from django.urls import include, path

from webapp.common.views import health
from webapp.pages.home import home

urlpatterns = [
    path("health/live", health, name="health"),
    path("", home, name="home"),
    path("", include("webapp.accounts.urls")),
    path("", include("webapp.jobs.urls")),
    path("", include("webapp.datasets.urls")),
    path("", include("webapp.pages.urls")),
    path("api/v1/", include("webapp.api.urls")),
]

handler400 = "webapp.common.error_pages.bad_request"
handler403 = "webapp.common.error_pages.permission_denied"
handler404 = "webapp.common.error_pages.not_found"
handler500 = "webapp.common.error_pages.server_error"
