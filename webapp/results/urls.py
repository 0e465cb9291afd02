from django.urls import path

from webapp.results import compare_views, video_views

app_name = "results"
urlpatterns = [
    path("compare", compare_views.compare, name="compare"),
    path("videos/<str:video_id>", video_views.video, name="video"),
    path("videos/<str:video_id>/curve", video_views.curve, name="curve"),
    path("videos/<str:video_id>/scores", video_views.scores, name="scores"),
    path("videos/<str:video_id>/alarms", video_views.alarms, name="alarms"),
]
