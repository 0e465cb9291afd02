from django.urls import path

from webapp.jobs import views

app_name = "jobs"
urlpatterns = [
    path("queue", views.queue, name="queue"),
    path("jobs/<str:job_id>", views.detail, name="detail"),
    path("jobs/<str:job_id>/log", views.log, name="log"),
    path("jobs/<str:job_id>/cancel", views.cancel, name="cancel"),
]
