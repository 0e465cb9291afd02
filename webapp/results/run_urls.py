"""Addresses of runs: pages with numbers from this app, the rest from the app that keeps runs."""

from django.urls import path

from webapp.results import (
    export_views,
    operating_views,
    run_pages,
    sweep_pages,
    upload_views,
    virtual_views,
)
from webapp.runs import sweep_views, views

app_name = "runs"
urlpatterns = [
    path("runs", run_pages.run_list, name="list"),
    path("runs/export.<str:format>", export_views.runs, name="export"),
    path("runs/new", views.new, name="new"),
    path("runs/upload", upload_views.new, name="upload"),
    path("runs/mix", virtual_views.mix, name="mix"),
    path("runs/new/equivalent", views.equivalent, name="equivalent"),
    path("runs/sweeps", sweep_pages.sweep_list, name="sweeps"),
    path("runs/sweeps/new", sweep_views.new, name="new_sweep"),
    path("runs/sweeps/<str:sweep_id>", sweep_pages.sweep, name="sweep"),
    path("runs/sweeps/<str:sweep_id>/cancel", sweep_views.cancel, name="cancel_sweep"),
    path(
        "runs/sweeps/<str:sweep_id>/export.<str:format>",
        sweep_pages.export,
        name="export_sweep",
    ),
    path("runs/<str:run_id>", run_pages.detail, name="detail"),
    path("runs/<str:run_id>/scores.<str:format>", export_views.scores, name="score_file"),
    path("runs/<str:run_id>/scores", upload_views.add, name="add_scores"),
    path(
        "runs/<str:run_id>/operating-points",
        operating_views.operating_points,
        name="operating_points",
    ),
    path("runs/<str:run_id>/sensitivity", operating_views.sensitivity, name="sensitivity"),
    path("runs/<str:run_id>/progress", views.progress, name="progress"),
    path("runs/<str:run_id>/curve", views.curve, name="curve"),
    path("runs/<str:run_id>/cancel", views.cancel, name="cancel"),
    path("runs/<str:run_id>/resume", views.resume, name="resume"),
]
