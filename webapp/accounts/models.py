"""People, teams and the secrets that let them in."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from webapp.accounts.secrets import hash_secret
from webapp.common.ids import PrefixedIdField
from webapp.common.models import TimestampedModel


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        user = self.model(email=self.normalize_email(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email__iexact=username)


class User(AbstractBaseUser):
    """A person. Rights come from memberships alone: nobody is a super user."""

    class Theme(models.TextChoices):
        SYSTEM = "system", _("System")
        LIGHT = "light", _("Light")
        DARK = "dark", _("Dark")

    id = PrefixedIdField(prefix="user")
    email = models.EmailField(unique=True)
    name = models.CharField(max_length=120)
    is_active = models.BooleanField(default=True)
    theme = models.CharField(max_length=6, choices=Theme.choices, default=Theme.SYSTEM)
    language = models.CharField(max_length=8, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS = ["name"]
    objects = UserManager()

    # Set for the length of one request that came with a token: it narrows team and rights.
    api_token: ApiToken | None = None

    class Meta:
        constraints = [models.UniqueConstraint(Lower("email"), name="user_email_ci_unique")]

    def __str__(self) -> str:
        return self.name or self.email


class Team(TimestampedModel):
    """Owns everything: datasets, runs, jobs."""

    id = PrefixedIdField(prefix="team")
    name = models.CharField(max_length=120, unique=True)
    members = models.ManyToManyField(User, through="Membership", related_name="teams")

    def __str__(self) -> str:
        return self.name


class Role(models.TextChoices):
    """Each role may do all that the ones before it may; see `permissions.py`."""

    VIEWER = "viewer", _("Viewer")
    MEMBER = "member", _("Member")
    MAINTAINER = "maintainer", _("Maintainer")
    OWNER = "owner", _("Owner")


class Membership(TimestampedModel):
    """One person's role in one team."""

    team = models.ForeignKey(Team, models.CASCADE, related_name="memberships")
    user = models.ForeignKey(User, models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role.choices)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["team", "user"], name="membership_unique")]

    def __str__(self) -> str:
        return f"{self.user} ({self.role}) in {self.team}"


class SecretQuerySet(models.QuerySet[Any]):
    def matching(self, secret: str) -> Any:
        """The one that `secret` opens, unless it has expired."""
        return self.filter(secret_hash=hash_secret(secret)).unexpired()

    def unexpired(self) -> Any:
        return self.filter(expires_at__gt=timezone.now())


class Secret(models.Model):
    """A random secret of which only the SHA-256 is kept; see `secrets.py`."""

    secret_hash = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField()
    created_at = models.DateTimeField(auto_now_add=True)

    objects = SecretQuerySet.as_manager()

    class Meta:
        abstract = True


class Invitation(Secret):
    """A link that lets one person join a team, once."""

    team = models.ForeignKey(Team, models.CASCADE, related_name="invitations")
    role = models.CharField(max_length=10, choices=Role.choices)
    invited_by = models.ForeignKey(User, models.CASCADE, related_name="+")
    accepted_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    accepted_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"invitation to {self.team} as {self.role}"


class LoginLink(Secret):
    """A link that logs one person in, once: for the demo and for a first owner."""

    user = models.ForeignKey(User, models.CASCADE, related_name="+")
    used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"login link of {self.user}"


class ApiToken(Secret):
    """Lets a program act for a person in one team, within a scope."""

    class Scope(models.TextChoices):
        """Each scope may do all that the ones before it may."""

        READ = "read", _("Read")
        SUBMIT = "submit", _("Read and submit")
        MANAGE = "manage", _("Read, submit and manage")

    id = PrefixedIdField(prefix="token")
    user = models.ForeignKey(User, models.CASCADE, related_name="api_tokens")
    team = models.ForeignKey(Team, models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=80)
    scope = models.CharField(max_length=6, choices=Scope.choices, default=Scope.READ)
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.name

    @property
    def is_usable(self) -> bool:
        return self.revoked_at is None and self.expires_at > timezone.now()


class LoginTries(models.Model):
    """Passwords tried for one email from one address since the last success."""

    key_hash = models.CharField(max_length=64, primary_key=True)  # of address and email
    count = models.PositiveIntegerField(default=0)
    last_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return f"{self.count} tries"
