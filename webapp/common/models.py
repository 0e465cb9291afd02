"""What several apps' models share."""

from django.db import models


class TimestampedModel(models.Model):
    """Creation and change time, in UTC."""

    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        abstract = True
