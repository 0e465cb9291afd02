"""Addresses of pages that show results, and of what is shared of them.

By namespace: a link names what it leads to, not where the page is kept.
"""

from django.urls import URLPattern, include, path

from webapp.pages import (
    activity,
    compare,
    deleting,
    drawing,
    evaluating,
    explaining,
    folds,
    gallery,
    leaderboards,
    new_run,
    new_sweep,
    operating_points,
    papers,
    previews,
    protocols,
    runs,
    shared,
    sweeps,
    transfer,
    uploads,
    videos,
    virtual_runs,
    weights,
)
from webapp.sharing import views as sharing
from webapp.sharing.middleware import PREFIX

LINK = f"{PREFIX}<str:secret>"
SHARED_VIDEO = f"{LINK}/videos/<str:video_id>"

of_runs: list[URLPattern] = [
    path("runs", runs.run_list, name="list"),
    path("runs/export.<str:format>", runs.export, name="export"),
    path("runs/new", new_run.new, name="new"),
    path("runs/upload", uploads.new, name="upload"),
    path("runs/mix", virtual_runs.mix, name="mix"),
    path("runs/new/equivalent", new_run.equivalent, name="equivalent"),
    path("runs/sweeps", sweeps.sweep_list, name="sweeps"),
    path("runs/sweeps/new", new_sweep.new, name="new_sweep"),
    path("runs/sweeps/<str:sweep_id>", sweeps.sweep, name="sweep"),
    path("runs/sweeps/<str:sweep_id>/transfer", transfer.transfer, name="transfer"),
    path("runs/sweeps/<str:sweep_id>/cancel", sweeps.cancel, name="cancel_sweep"),
    path("runs/sweeps/<str:sweep_id>/combine", sweeps.combine, name="combine_sweep"),
    path("runs/sweeps/<str:sweep_id>/export.<str:format>", sweeps.export, name="export_sweep"),
    path("runs/<str:run_id>", runs.detail, name="detail"),
    path("runs/<str:run_id>/scores.<str:format>", runs.export_scores, name="score_file"),
    path("runs/<str:run_id>/scores", uploads.add, name="add_scores"),
    path(
        "runs/<str:run_id>/operating-points",
        operating_points.operating_points,
        name="operating_points",
    ),
    path("runs/<str:run_id>/folds", folds.folds, name="folds"),
    path("runs/<str:run_id>/gallery", gallery.gallery, name="gallery"),
    path("runs/<str:run_id>/gallery/explain", gallery.explain_missing, name="explain_missing"),
    path("runs/<str:run_id>/sensitivity", operating_points.sensitivity, name="sensitivity"),
    path("runs/<str:run_id>/progress", runs.progress, name="progress"),
    path("runs/<str:run_id>/curve", runs.curve, name="curve"),
    path("runs/<str:run_id>/cancel", runs.cancel, name="cancel"),
    path("runs/<str:run_id>/resume", runs.resume, name="resume"),
    path("weights", weights.weights_list, name="weights_list"),
    path("weights/new", weights.new, name="new_weights"),
    path("weights/<str:weights_id>", weights.detail, name="weights"),
]
of_results: list[URLPattern] = [
    path("compare", compare.compare, name="compare"),
    path("compare/export.<str:format>", compare.export, name="compare_export"),
    path("compare/classes.<str:format>", compare.export_classes, name="classes_export"),
    path("evaluate", evaluating.evaluate, name="evaluate"),
    path("leaderboards", leaderboards.leaderboard_list, name="leaderboards"),
    path("leaderboards/<str:dataset_id>", leaderboards.leaderboard, name="leaderboard"),
    path(
        "leaderboards/<str:dataset_id>/export.<str:format>",
        leaderboards.export,
        name="leaderboard_export",
    ),
    path("leaderboards/<str:dataset_id>/papers", papers.papers, name="papers"),
    path(
        "leaderboards/<str:dataset_id>/papers/export.<str:format>",
        papers.export,
        name="papers_export",
    ),
    path("leaderboards/<str:dataset_id>/papers/submit", papers.submit, name="submit_papers"),
    path("leaderboards/<str:dataset_id>/papers/combine", papers.combine, name="combine_papers"),
    path("leaderboards/<str:dataset_id>/benchmark", leaderboards.benchmark, name="benchmark"),
    path("protocols", protocols.protocol_list, name="protocols"),
    path("protocols/new", protocols.new, name="new_protocol"),
    path("videos/<str:video_id>", videos.video, name="video"),
    path("videos/<str:video_id>/curve", videos.curve, name="curve"),
    path("videos/<str:video_id>/scores", videos.scores, name="scores"),
    path("videos/<str:video_id>/alarms", videos.alarms, name="alarms"),
    path("videos/<str:video_id>/explanation", videos.explanation, name="explanation"),
    path("videos/<str:video_id>/regions", drawing.regions, name="regions"),
    path("videos/<str:video_id>/preview", previews.new, name="new_preview"),
    path("previews/<str:preview_id>", previews.detail, name="preview"),
    path("previews/<str:preview_id>/sheet", previews.sheet, name="preview_sheet"),
    path("videos/<str:video_id>/explain", explaining.explain, name="explain"),
    path("videos/<str:video_id>/explained", explaining.explained, name="explained"),
]
of_links: list[URLPattern] = [
    path("share", sharing.link_list, name="list"),
    path("share/new", sharing.new, name="new"),
    path("share/<str:link_id>/revoke", sharing.revoke, name="revoke"),
    path(LINK, shared.page, name="open"),
    path(f"{SHARED_VIDEO}/curve", shared.curve, name="curve"),
    path(f"{SHARED_VIDEO}/scores", shared.scores, name="scores"),
    path(f"{SHARED_VIDEO}/alarms", shared.alarms, name="alarms"),
    path(f"{SHARED_VIDEO}/explanation", shared.explanation, name="explanation"),
    path(f"{SHARED_VIDEO}/stream", shared.stream, name="stream"),
    path(f"{SHARED_VIDEO}/poster", shared.poster, name="poster"),
    path(f"{SHARED_VIDEO}/contact-sheet", shared.contact_sheet, name="contact_sheet"),
    path(f"{PREFIX}<path:rest>", shared.nothing, name="nothing"),
]

of_deletions: list[URLPattern] = [
    path("runs/sweeps/<str:sweep_id>/delete", deleting.sweep, name="sweep"),
    path("weights/<str:weights_id>/delete", deleting.weights, name="weights"),
    path("runs/<str:run_id>/delete", deleting.run, name="run"),
    path("runs/<str:run_id>/scores/delete", deleting.scores, name="scores"),
    path("datasets/<str:dataset_id>/delete", deleting.dataset, name="dataset"),
    path("feature-sets/<str:feature_set_id>/delete", deleting.feature_set, name="feature_set"),
]

urlpatterns = [
    path("activity", activity.activity, name="activity"),
    path("", include((of_runs, "runs"))),
    path("", include((of_results, "results"))),
    path("", include((of_links, "sharing"))),
    path("", include((of_deletions, "deleting"))),
]
