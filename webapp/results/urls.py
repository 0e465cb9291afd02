from django.urls import path

from webapp.results import compare_views, leaderboard_views, protocol_views, video_views

app_name = "results"
urlpatterns = [
    path("compare", compare_views.compare, name="compare"),
    path("compare/export.<str:format>", compare_views.export, name="compare_export"),
    path("leaderboards", leaderboard_views.leaderboard_list, name="leaderboards"),
    path("leaderboards/<str:dataset_id>", leaderboard_views.leaderboard, name="leaderboard"),
    path(
        "leaderboards/<str:dataset_id>/export.<str:format>",
        leaderboard_views.export,
        name="leaderboard_export",
    ),
    path("leaderboards/<str:dataset_id>/benchmark", leaderboard_views.benchmark, name="benchmark"),
    path("protocols", protocol_views.protocol_list, name="protocols"),
    path("protocols/new", protocol_views.new, name="new_protocol"),
    path("videos/<str:video_id>", video_views.video, name="video"),
    path("videos/<str:video_id>/curve", video_views.curve, name="curve"),
    path("videos/<str:video_id>/scores", video_views.scores, name="scores"),
    path("videos/<str:video_id>/alarms", video_views.alarms, name="alarms"),
    path("videos/<str:video_id>/explanation", video_views.explanation, name="explanation"),
]
