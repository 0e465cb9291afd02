"""Runs that are submitted together."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Count, Q
from django.urls import reverse

from webapp.accounts.models import Team
from webapp.accounts.permissions import TeamOwnedQuerySet
from webapp.common.ids import PrefixedIdField
from webapp.datasets.models import Dataset, FeatureSet, Split
from webapp.jobs.models import ENDED_BADLY, Job
from webapp.runs.models.methods import Method


class SweepQuerySet(TeamOwnedQuerySet):
    def for_list(self) -> SweepQuerySet:
        return self.select_related(
            "dataset", "split", "method", "feature_set", "created_by", "team"
        )

    def with_counts(self) -> SweepQuerySet:
        """Adds `n_runs`, `n_scored`, `n_going_on` and `n_failed`."""
        counted = self.annotate(
            n_runs=Count("runs"),
            n_scored=Count("runs", filter=Q(runs__scored_at__isnull=False)),
            n_going_on=Count("runs", filter=~Q(runs__current_job__status__in=Job.TERMINAL)),
            n_failed=Count("runs", filter=Q(runs__current_job__status__in=ENDED_BADLY)),
        )
        return counted.order_by("-id")  # a query that groups ignores Meta.ordering


class Sweep(models.Model):
    """Runs of one method submitted together: configurations × seeds × folds. Never changed.

    A configuration is `config`, one of the `variants`, and one combination of the `grid`.
    """

    id = PrefixedIdField(prefix="sweep")
    team = models.ForeignKey(Team, models.CASCADE, related_name="sweeps")
    title = models.CharField(max_length=120)
    dataset = models.ForeignKey(Dataset, models.PROTECT, related_name="sweeps")
    split = models.ForeignKey(Split, models.PROTECT, related_name="sweeps")
    method = models.ForeignKey(Method, models.PROTECT, related_name="+")
    feature_set = models.ForeignKey(FeatureSet, models.PROTECT, null=True, related_name="sweeps")
    config = models.JSONField(default=dict)  # what all of them change of the method's values
    grid = models.JSONField(default=dict)  # {field: [value]}
    variants = models.JSONField(default=list)  # [{"title", "config"}], may be empty
    seeds = models.JSONField()
    folds = models.JSONField(default=list)  # numbers; empty where only `split` is used
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    objects = SweepQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["team", "-id"], name="sweep_of_team")]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("runs:sweep", args=[self.pk])

    @property
    def split_label(self) -> str:
        """Without a fold where `folds` are named: `split` is then any one of its version."""
        return f"{self.split.name} v{self.split.version}" if self.folds else str(self.split)
