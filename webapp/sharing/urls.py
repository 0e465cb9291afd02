from django.urls import path

from webapp.sharing import open_views, views
from webapp.sharing.middleware import PREFIX

LINK = f"{PREFIX}<str:secret>"
VIDEO = f"{LINK}/videos/<str:video_id>"

app_name = "sharing"
urlpatterns = [
    path("share", views.link_list, name="list"),
    path("share/new", views.new, name="new"),
    path("share/<str:link_id>/revoke", views.revoke, name="revoke"),
    path(LINK, open_views.page, name="open"),
    path(f"{VIDEO}/curve", open_views.curve, name="curve"),
    path(f"{VIDEO}/scores", open_views.scores, name="scores"),
    path(f"{VIDEO}/alarms", open_views.alarms, name="alarms"),
    path(f"{VIDEO}/explanation", open_views.explanation, name="explanation"),
    path(f"{VIDEO}/stream", open_views.stream, name="stream"),
    path(f"{VIDEO}/poster", open_views.poster, name="poster"),
    path(f"{VIDEO}/contact-sheet", open_views.contact_sheet, name="contact_sheet"),
    path(f"{PREFIX}<path:rest>", open_views.nothing, name="nothing"),
]
