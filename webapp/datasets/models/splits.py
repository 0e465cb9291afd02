"""Which videos of a dataset train, validate and test."""

from __future__ import annotations

from django.db import models
from django.db.models import Count, Q

from webapp.common.ids import PrefixedIdField
from webapp.datasets.models.videos import Dataset, Part, Video


class SplitQuerySet(models.QuerySet["Split"]):
    def with_counts(self) -> SplitQuerySet:
        """Adds `n_train`, `n_validation` and `n_test`."""
        counted = self.annotate(
            **{f"n_{part}": Count("members", filter=Q(members__part=part)) for part in Part.values}
        )
        return counted.order_by("-id")  # a query that groups ignores Meta.ordering


class Split(models.Model):
    """A named assignment of a dataset's videos to training, validation and test.

    Never changed, like ground truth: other videos or parts make a new version. The folds of
    a cross-validation are one split each, with the same name and version.
    """

    id = PrefixedIdField(prefix="split")
    dataset = models.ForeignKey(Dataset, models.CASCADE, related_name="splits")
    name = models.CharField(max_length=80)
    version = models.PositiveIntegerField(default=1)
    fold = models.PositiveSmallIntegerField(null=True)  # from 1 on; null without folds
    origin = models.CharField(max_length=300, blank=True)  # the file or rule that it came from
    held_out_by = models.CharField(max_length=10, blank=True)  # source, camera or actor
    # Its members were stored in the order of a list, and what names no videos goes by that.
    follows_list = models.BooleanField(default=False)
    # [{"level", "subject", "text"}]: leaks between its parts, and what a list named in vain
    report = models.JSONField(default=list)

    objects = SplitQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["dataset", "name", "version", "fold"],
                name="split_version_unique",
                nulls_distinct=False,
            ),
        ]

    def __str__(self) -> str:
        fold = f", fold {self.fold}" if self.fold else ""
        return f"{self.name} v{self.version}{fold}"


class SplitMember(models.Model):
    split = models.ForeignKey(Split, models.CASCADE, related_name="members")
    video = models.ForeignKey(Video, models.CASCADE, related_name="split_members")
    part = models.CharField(max_length=10, choices=Part.choices)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["split", "video"], name="split_member_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.video_id} is in {self.part}"
