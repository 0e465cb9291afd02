from django.urls import path

from webapp.datasets import media, split_views, views

app_name = "datasets"
urlpatterns = [
    path("datasets", views.dataset_list, name="list"),
    path("datasets/new", views.new, name="new"),
    path("datasets/<str:dataset_id>", views.detail, name="detail"),
    path("datasets/<str:dataset_id>/progress", views.progress, name="progress"),
    path("datasets/<str:dataset_id>/import", views.import_again, name="import_again"),
    path("datasets/<str:dataset_id>/splits/new", split_views.new, name="new_split"),
    path("datasets/<str:dataset_id>/splits/make", split_views.make, name="make_split"),
    path("datasets/<str:dataset_id>/splits/import", split_views.import_lists, name="import_split"),
    path("datasets/<str:dataset_id>/groups", split_views.groups, name="set_groups"),
    path("videos/<str:video_id>/poster", media.poster, name="poster"),
    path("videos/<str:video_id>/contact-sheet", media.contact_sheet, name="contact_sheet"),
    path("videos/<str:video_id>/stream", media.stream, name="stream"),
]
