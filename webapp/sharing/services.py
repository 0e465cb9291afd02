"""Making, revoking and opening share links."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.http import Http404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from webapp.accounts.models import User
from webapp.accounts.permissions import Permission, require
from webapp.accounts.secrets import hash_secret, new_secret
from webapp.audit.models import AuditEvent
from webapp.audit.services import record
from webapp.common.errors import UserError
from webapp.common.holding import keep_ids
from webapp.datasets.models import Dataset, Video
from webapp.runs.models import Run
from webapp.sharing.models import ShareLink
from webapp.sharing.targets import Ids, Reach, Target, load_target, title_of

LIVES_IN_DAYS = (7, 30, 90)  # None: it lives until somebody revokes it
DEFAULT_DAYS = 30
MAX_NOTE_LENGTH = 200


@transaction.atomic
def create_link(
    *,
    kind: str,
    ids: Ids,
    includes_video: bool = False,
    days: int | None = DEFAULT_DAYS,
    note: str = "",
    by: User,
) -> tuple[ShareLink, str]:
    """The link and its full address, which nobody can look up again.

    Raise Http404 for what `by` may not see, PermissionDenied for a viewer, UserError for what
    cannot be shared so.
    """
    _keep(ids)
    target = shareable(kind, ids, by=by)
    if includes_video and kind != ShareLink.Kind.MOMENT:
        raise UserError(_("Only a moment of a video has a picture."), field="includes_video")
    secret = new_secret()
    link = ShareLink.objects.create(
        team=target.team,
        kind=kind,
        target=target.to_json(),
        title=title_of(target),
        note=note,
        includes_video=includes_video,
        secret_hash=hash_secret(secret),
        expires_at=_end_of(days),
        created_by=by,
    )
    record(
        AuditEvent.Act.SHARE_LINK_CREATED, link, team=target.team, by=by, name=link.title,
        kind=kind, days=days,
    )  # fmt: skip
    return link, settings.SITE_URL + reverse("sharing:open", args=[secret])


def _keep(ids: Ids) -> None:
    """Whoever deletes something of it meanwhile waits, and finds the link. Runs first, always."""
    keep_ids(Run, filter(None, ids.get("runs") or []))
    for model, name in ((Video, "video"), (Dataset, "dataset")):
        keep_ids(model, filter(None, [ids.get(name)]))


def shareable(kind: str, ids: Ids, *, by: User) -> Target:
    """What such a link would show. Raise as `create_link`."""
    target = load_target(kind, ids, Reach.of_user(by))
    require(by, Permission.SHARE_CREATE, team=target.team)
    target.check()
    return target


@transaction.atomic
def revoke_link(*, link: ShareLink, by: User) -> None:
    """For good, from the next request on. Any member of the team may, not its maker alone."""
    require(by, Permission.SHARE_CREATE, team=link.team)
    if ShareLink.objects.filter(pk=link.pk, revoked_at=None).update(revoked_at=timezone.now()):
        record(AuditEvent.Act.SHARE_LINK_REVOKED, link, team=link.team, by=by, name=link.title)


def open_link(secret: str) -> tuple[ShareLink, Target]:
    """Raise Http404 for an unknown, revoked or expired secret, and for what is deleted."""
    link = ShareLink.objects.matching(secret).select_related("team").first()
    if link is None:
        raise Http404("no such link")
    return link, load_target(link.kind, link.target, Reach.of_team(link.team))


def count_view(link: ShareLink) -> None:
    ShareLink.objects.filter(pk=link.pk).update(
        n_views=F("n_views") + 1, last_viewed_at=timezone.now()
    )


def _end_of(days: int | None) -> datetime | None:
    if days is None:
        return None
    if days not in LIVES_IN_DAYS:
        lives = ", ".join(map(str, LIVES_IN_DAYS))
        sentence = _("A link lives %(lives)s days, or until it is revoked.")
        raise UserError(sentence % {"lives": lives}, field="expires_in_days")
    return timezone.now() + timedelta(days=days)
