from django.urls import path
from drf_spectacular.views import SpectacularJSONAPIView, SpectacularSwaggerSplitView

from webapp.api.views import (
    accounts,
    calibration,
    comparisons,
    datasets,
    explanations,
    folds,
    ground_truth,
    jobs,
    operating_points,
    protocols,
    results,
    runs,
    share_links,
    splits,
    sweeps,
    uploads,
    virtual_runs,
)

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
        "datasets/<str:dataset_id>/import", datasets.DatasetImport.as_view(), name="dataset_import"
    ),
    path(
        "datasets/<str:dataset_id>/normal-labels",
        datasets.DatasetNormalLabels.as_view(),
        name="dataset_normal_labels",
    ),
    path(
        "datasets/<str:dataset_id>/videos", datasets.DatasetVideos.as_view(), name="dataset_videos"
    ),
    path("datasets/<str:dataset_id>/splits", splits.DatasetSplits.as_view(), name="dataset_splits"),
    path("listed-datasets", ground_truth.ListedDatasets.as_view(), name="listed_datasets"),
    path(
        "datasets/<str:dataset_id>/annotation-imports",
        ground_truth.AnnotationImports.as_view(),
        name="annotation_imports",
    ),
    path(
        "annotation-imports/<str:draft_id>",
        ground_truth.AnnotationImportDetail.as_view(),
        name="annotation_import",
    ),
    path(
        "annotation-imports/<str:draft_id>/accept",
        ground_truth.AnnotationImportAccept.as_view(),
        name="accept_annotation_import",
    ),
    path(
        "annotation-sets/<str:annotation_set_id>",
        ground_truth.AnnotationSetDetail.as_view(),
        name="annotation_set",
    ),
    path("splits/<str:split_id>", splits.SplitDetail.as_view(), name="split"),
    path("videos/<str:video_id>", datasets.VideoDetail.as_view(), name="video"),
    path("methods", runs.Methods.as_view(), name="methods"),
    path("methods/<slug:name>", runs.MethodDetail.as_view(), name="method"),
    path("runs", runs.Runs.as_view(), name="runs"),
    path("uploaded-runs", uploads.UploadedRuns.as_view(), name="uploaded_runs"),
    path("virtual-runs", virtual_runs.VirtualRuns.as_view(), name="virtual_runs"),
    path("runs/<str:run_id>", runs.RunDetail.as_view(), name="run"),
    path("runs/<str:run_id>/cancel", runs.RunCancel.as_view(), name="run_cancel"),
    path("runs/<str:run_id>/resume", runs.RunResume.as_view(), name="run_resume"),
    path("runs/<str:run_id>/scores.<str:ending>", uploads.ScoreFile.as_view(), name="score_file"),
    path("runs/<str:run_id>/scores", uploads.RunScores.as_view(), name="scores"),
    path(
        "runs/<str:run_id>/scores/<str:video_id>",
        uploads.VideoScores.as_view(),
        name="video_scores",
    ),
    path("runs/<str:run_id>/evaluation", results.Evaluations.as_view(), name="evaluation"),
    path("runs/<str:run_id>/calibration", calibration.Calibration.as_view(), name="calibration"),
    path(
        "runs/<str:run_id>/explanations/<str:video_id>",
        explanations.Explanation.as_view(),
        name="explanation",
    ),
    path("runs/<str:run_id>/folds", folds.Folds.as_view(), name="folds"),
    path(
        "runs/<str:run_id>/operating-points",
        operating_points.OperatingPoints.as_view(),
        name="operating_points",
    ),
    path(
        "runs/<str:run_id>/sensitivity",
        operating_points.Sensitivity.as_view(),
        name="sensitivity",
    ),
    path("sweeps", sweeps.Sweeps.as_view(), name="sweeps"),
    path("sweeps/<str:sweep_id>", sweeps.SweepDetail.as_view(), name="sweep"),
    path("sweeps/<str:sweep_id>/cancel", sweeps.SweepCancel.as_view(), name="sweep_cancel"),
    path("protocols", protocols.Protocols.as_view(), name="protocols"),
    path("protocols/<slug:slug>", protocols.ProtocolDetail.as_view(), name="protocol"),
    path("comparisons", comparisons.Comparisons.as_view(), name="comparisons"),
    path("leaderboards", comparisons.Leaderboards.as_view(), name="leaderboards"),
    path(
        "leaderboards/<str:dataset_id>",
        comparisons.LeaderboardDetail.as_view(),
        name="leaderboard",
    ),
    path("share-links", share_links.ShareLinks.as_view(), name="share_links"),
    path("share-links/<str:link_id>", share_links.ShareLinkDetail.as_view(), name="share_link"),
    path("jobs/<str:job_id>", jobs.JobDetail.as_view(), name="job"),
    path("jobs/<str:job_id>/log", jobs.JobLog.as_view(), name="job_log"),
    path("jobs/<str:job_id>/cancel", jobs.JobCancel.as_view(), name="job_cancel"),
]
