from django.urls import path

from webapp.datasets import media, views

app_name = "datasets"
urlpatterns = [
    path("datasets", views.dataset_list, name="list"),
    path("datasets/new", views.new, name="new"),
    path("datasets/<str:dataset_id>", views.detail, name="detail"),
    path("datasets/<str:dataset_id>/progress", views.progress, name="progress"),
    path("datasets/<str:dataset_id>/import", views.import_again, name="import_again"),
    path("videos/<str:video_id>/poster", media.poster, name="poster"),
    path("videos/<str:video_id>/contact-sheet", media.contact_sheet, name="contact_sheet"),
    path("videos/<str:video_id>/stream", media.stream, name="stream"),
]
