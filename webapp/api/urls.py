from django.urls import path
from drf_spectacular.views import SpectacularJSONAPIView, SpectacularSwaggerSplitView

from webapp.api.views import accounts, datasets, jobs, results, runs, splits, uploads, virtual_runs

app_name = "api"
urlpatterns = [
    path("schema", SpectacularJSONAPIView.as_view(), name="schema"),
    # The split view has no inline script, which the site's policy would block.
    path("docs", SpectacularSwaggerSplitView.as_view(url_name="api:schema"), name="docs"),
    path("me", accounts.Me.as_view(), name="me"),
    path("tokens", accounts.Tokens.as_view(), name="tokens"),
    path("tokens/<str:token_id>", accounts.Token.as_view(), name="token"),
    path("datasets", datasets.Datasets.as_view(), name="datasets"),
    path("datasets/<str:dataset_id>", datasets.DatasetDetail.as_view(), name="dataset"),
    path(
        "datasets/<str:dataset_id>/videos", datasets.DatasetVideos.as_view(), name="dataset_videos"
    ),
    path("datasets/<str:dataset_id>/splits", splits.DatasetSplits.as_view(), name="dataset_splits"),
    path("splits/<str:split_id>", splits.SplitDetail.as_view(), name="split"),
    path("videos/<str:video_id>", datasets.VideoDetail.as_view(), name="video"),
    path("methods", runs.Methods.as_view(), name="methods"),
    path("methods/<slug:name>", runs.MethodDetail.as_view(), name="method"),
    path("runs", runs.Runs.as_view(), name="runs"),
    path("uploaded-runs", uploads.UploadedRuns.as_view(), name="uploaded_runs"),
    path("virtual-runs", virtual_runs.VirtualRuns.as_view(), name="virtual_runs"),
    path("runs/<str:run_id>", runs.RunDetail.as_view(), name="run"),
    path("runs/<str:run_id>/cancel", runs.RunCancel.as_view(), name="run_cancel"),
    path("runs/<str:run_id>/scores", uploads.RunScores.as_view(), name="scores"),
    path(
        "runs/<str:run_id>/scores/<str:video_id>",
        uploads.VideoScores.as_view(),
        name="video_scores",
    ),
    path("runs/<str:run_id>/evaluation", results.Evaluations.as_view(), name="evaluation"),
    path("jobs/<str:job_id>", jobs.JobDetail.as_view(), name="job"),
    path("jobs/<str:job_id>/log", jobs.JobLog.as_view(), name="job_log"),
    path("jobs/<str:job_id>/cancel", jobs.JobCancel.as_view(), name="job_cancel"),
]
