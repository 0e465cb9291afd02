"""How a number is computed."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import Q
from django.utils import timezone

from webapp.accounts.models import Team, User
from webapp.accounts.permissions import teams_of


class ProtocolQuerySet(models.QuerySet[Any]):
    def of_team(self, team: Team) -> ProtocolQuerySet:
        """The presets of the installation and those that `team` made."""
        return self.filter(Q(team=None) | Q(team=team))

    def visible_to(self, user: User | AnonymousUser) -> ProtocolQuerySet:
        return self.filter(Q(team=None) | Q(team__in=teams_of(user)))


class Protocol(models.Model):
    """How a number is computed. Immutable: a change is a new version.

    Without a team it is a preset, which every team has.
    """

    team = models.ForeignKey(Team, models.CASCADE, null=True, related_name="protocols")
    slug = models.SlugField(max_length=60)
    version = models.PositiveIntegerField()
    title = models.CharField(max_length=160)
    description = models.TextField()
    settings = models.JSONField()  # fields of `ml.evaluation.Settings`
    created_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    objects = ProtocolQuerySet.as_manager()

    class Meta:
        ordering = ["slug", "-version"]
        constraints = [
            models.UniqueConstraint(
                fields=["team", "slug", "version"], name="protocol_unique", nulls_distinct=False
            ),
        ]

    def __str__(self) -> str:
        return f"{self.title} v{self.version}"
