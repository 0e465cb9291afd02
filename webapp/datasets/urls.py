from django.urls import path

from webapp.datasets import (
    detection_views,
    extraction_views,
    feature_views,
    ground_truth_views,
    media,
    region_views,
    split_views,
    views,
)

app_name = "datasets"
urlpatterns = [
    path("datasets", views.dataset_list, name="list"),
    path("datasets/new", views.new, name="new"),
    path("datasets/new/listed", views.new_listed, name="new_listed"),
    path("datasets/new/published", views.new_published, name="new_published"),
    path("datasets/<str:dataset_id>", views.detail, name="detail"),
    path("datasets/<str:dataset_id>/progress", views.progress, name="progress"),
    path("datasets/<str:dataset_id>/import", views.import_again, name="import_again"),
    path("datasets/<str:dataset_id>/normal-labels", views.normal_labels, name="normal_labels"),
    path("datasets/<str:dataset_id>/splits/new", split_views.new, name="new_split"),
    path("datasets/<str:dataset_id>/splits/make", split_views.make, name="make_split"),
    path("datasets/<str:dataset_id>/splits/import", split_views.import_lists, name="import_split"),
    path("datasets/<str:dataset_id>/groups", split_views.groups, name="set_groups"),
    path(
        "datasets/<str:dataset_id>/ground-truth/new",
        ground_truth_views.new,
        name="new_ground_truth",
    ),
    path("ground-truth/<str:draft_id>", ground_truth_views.detail, name="ground_truth"),
    path("ground-truth/<str:draft_id>/accept", ground_truth_views.accept, name="accept"),
    path("datasets/<str:dataset_id>/features/new", feature_views.new, name="new_feature_set"),
    path("datasets/<str:dataset_id>/features/make", extraction_views.new, name="make_features"),
    path("datasets/<str:dataset_id>/regions/new", region_views.new, name="new_regions"),
    path("datasets/<str:dataset_id>/regions/detect", detection_views.new, name="detect"),
    path("detections/<str:detection_id>", detection_views.detail, name="detection"),
    path("detections/<str:detection_id>/cancel", detection_views.cancel, name="cancel_detection"),
    path("detections/<str:detection_id>/resume", detection_views.resume, name="resume_detection"),
    path("feature-sets/<str:feature_set_id>", feature_views.detail, name="feature_set"),
    path(
        "feature-sets/<str:feature_set_id>/read-again",
        feature_views.read_again,
        name="read_features_again",
    ),
    path(
        "feature-sets/<str:feature_set_id>/cancel", extraction_views.cancel, name="cancel_features"
    ),
    path(
        "feature-sets/<str:feature_set_id>/resume", extraction_views.resume, name="resume_features"
    ),
    path("videos/<str:video_id>/poster", media.poster, name="poster"),
    path("videos/<str:video_id>/contact-sheet", media.contact_sheet, name="contact_sheet"),
    path("videos/<str:video_id>/stream", media.stream, name="stream"),
]
