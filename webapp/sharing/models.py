"""Links that show one thing of a team to whoever has them."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from webapp.accounts.models import Team
from webapp.accounts.permissions import TeamOwnedQuerySet
from webapp.accounts.secrets import hash_secret
from webapp.common.ids import PrefixedIdField


class ShareLinkQuerySet(TeamOwnedQuerySet):
    def matching(self, secret: str) -> ShareLinkQuerySet:
        """The one that `secret` opens now: one look-up, whyever there may be none."""
        return self.usable().filter(secret_hash=hash_secret(secret))

    def usable(self) -> ShareLinkQuerySet:
        """Those that somebody may open now."""
        is_alive = Q(expires_at=None) | Q(expires_at__gt=timezone.now())
        return self.filter(is_alive, revoked_at=None)


class ShareLink(models.Model):
    """A random secret that shows one thing, read-only. Only the secret's SHA-256 is kept."""

    class Kind(models.TextChoices):
        RUN = "run", _("run")
        COMPARISON = "comparison", _("comparison")
        LEADERBOARD = "leaderboard", _("leaderboard")
        MOMENT = "moment", _("moment of a video")

    id = PrefixedIdField(prefix="share")
    team = models.ForeignKey(Team, models.CASCADE, related_name="share_links")
    kind = models.CharField(max_length=11, choices=Kind.choices)
    target = models.JSONField()  # ids and places, as `webapp.sharing.targets` reads them
    title = models.CharField(max_length=200)  # what it shows, by its name when it was shared
    note = models.CharField(max_length=200, blank=True)  # for the team alone
    includes_video = models.BooleanField(default=False)  # picture too, not only curves
    secret_hash = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField(null=True)  # empty: not before it is revoked
    revoked_at = models.DateTimeField(null=True)
    n_views = models.PositiveIntegerField(default=0)
    last_viewed_at = models.DateTimeField(null=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ShareLinkQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                name="share_link_video_of_moment",
                condition=Q(includes_video=False) | Q(kind="moment"),
            ),
        ]

    def __str__(self) -> str:
        return f"link to {self.title}"

    @property
    def is_usable(self) -> bool:
        is_alive = self.expires_at is None or self.expires_at > timezone.now()
        return is_alive and self.revoked_at is None
