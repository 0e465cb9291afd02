"""Answers that several views give."""

from django.urls import reverse
from rest_framework import status
from rest_framework.response import Response

from webapp.api.serializers import JobSerializer
from webapp.jobs.models import Job

POLL_SECONDS = "2"


def accepted(job: Job) -> Response:
    """Work was begun or is being ended: 202 and where to watch it."""
    headers = {"Location": reverse("api:job", args=[job.pk]), "Retry-After": POLL_SECONDS}
    return Response(JobSerializer(job).data, status=status.HTTP_202_ACCEPTED, headers=headers)
