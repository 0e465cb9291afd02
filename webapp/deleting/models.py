"""Stored files whose rows are gone."""

from __future__ import annotations

from datetime import timedelta

from django.conf import DEFAULT_STORAGE_ALIAS
from django.db import models

FIRST_PAUSE = timedelta(seconds=30)  # doubles with each try that fails
LONGEST_PAUSE = timedelta(hours=6)
MAX_DOUBLINGS = 10


class FileToSweep(models.Model):
    """A name in the storage that no row has any more, until the housekeeper has removed the file.

    Written in the transaction that deletes the row: a crash after it leaves no orphan, and one
    before it removes nothing.
    """

    name = models.CharField(max_length=300)
    storage = models.CharField(max_length=20, default=DEFAULT_STORAGE_ALIAS)  # of STORAGES
    subject_id = models.CharField(max_length=36)  # what was deleted
    created_at = models.DateTimeField(auto_now_add=True)
    try_at = models.DateTimeField(db_index=True)
    n_tries = models.PositiveIntegerField(default=0)
    fault = models.TextField(blank=True)  # what the storage said last

    def __str__(self) -> str:
        return self.name

    @property
    def pause(self) -> timedelta:
        return min(FIRST_PAUSE * 2 ** min(self.n_tries, MAX_DOUBLINGS), LONGEST_PAUSE)
