"""Protocols that a team makes: immutable, so that a change is a new version."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ml.evaluation import METRICS, Settings
from ml.records import BadInput
from webapp.accounts.models import Team, User
from webapp.accounts.permissions import Permission, require
from webapp.audit.models import AuditEvent
from webapp.audit.services import record
from webapp.common.errors import ConflictError, UserError
from webapp.results.models import Protocol
from webapp.results.protocols.presets import PRESETS

LONGEST_SLUG = 60
LONGEST_DESCRIPTION = 2_000


@transaction.atomic
def create_protocol(
    *,
    team: Team,
    title: str,
    settings: dict[str, Any],
    description: str = "",
    version_of: str = "",
    by: User,
) -> Protocol:
    """Version 1 of a new protocol, or the next of the team's own whose slug is `version_of`.

    Raise UserError where the settings cannot be, ConflictError where the name is taken or
    nothing differs from the version before.
    """
    require(by, Permission.PROTOCOL_CREATE, team=team)
    Team.objects.select_for_update().get(pk=team.pk)  # two versions never get one number
    parsed = _parsed(settings)
    slug = version_of or _new_slug(team, title)
    newest = Protocol.objects.filter(team=team, slug=slug).order_by("-version").first()
    if version_of and newest is None:
        sentence = _("The team has no protocol %s to make a new version of.")
        raise UserError(sentence % version_of, field="version_of")
    values = {
        "title": title.strip(),
        "description": description.strip()[:LONGEST_DESCRIPTION] or " ".join(in_words(parsed)),
        "settings": parsed.to_json(),
    }
    if newest and all(getattr(newest, name) == value for name, value in values.items()):
        raise ConflictError(_("Nothing differs from %s.") % newest)
    protocol = Protocol.objects.create(
        team=team,
        slug=slug,
        version=newest.version + 1 if newest else 1,
        created_by=by,
        **values,
    )
    record(AuditEvent.Act.PROTOCOL_CREATED, protocol, team=team, by=by, slug=slug)
    return protocol


def _parsed(settings: dict[str, Any]) -> Settings:
    try:
        return Settings.from_json(settings)
    except (BadInput, TypeError) as error:
        raise UserError(str(error), field="settings") from error


def _new_slug(team: Team, title: str) -> str:
    slug = slugify(title, allow_unicode=False)[:LONGEST_SLUG].strip("-_")
    if not slug:
        raise UserError(_("The title needs a Latin letter or a digit."), field="title")
    if slug in {preset.slug for preset in PRESETS}:
        sentence = _("%s is the name of a preset: choose another title.")
        raise ConflictError(sentence % slug, field="title")
    if Protocol.objects.filter(team=team, slug=slug).exists():
        sentence = _(
            "The team has a protocol %s: make a new version of it, or choose another title."
        )
        raise ConflictError(sentence % slug, field="title")
    return slug


def in_words(settings: Settings) -> list[str]:
    """Each rule in a sentence, in the order in which they act."""
    return [
        sentence
        for sentence in (
            _smoothing(settings),
            _normalisation(settings),
            _missing(settings),
            _first_frames(settings),
            _padding(settings),
            _threshold(settings),
            _events(settings),
            _leading(settings),
        )
        if sentence
    ]


def _smoothing(settings: Settings) -> str:
    if settings.smoothing == "mean":
        sentence = _("Scores are smoothed by a moving mean over %g frames.")
    elif settings.smoothing == "gaussian":
        sentence = _("Scores are smoothed by a Gaussian with a deviation of %g frames.")
    else:
        return ""
    return sentence % settings.smoothing_frames


def _normalisation(settings: Settings) -> str:
    sentences = {
        "none": _("Scores stay as they are."),
        "per_video": _("The scores of each video are stretched to 0…1."),
        "test_set": _("Scores are stretched to 0…1 over the whole test set."),
    }
    return sentences[settings.normalisation]


def _missing(settings: Settings) -> str:
    if settings.missing == "nearest":
        return _("A frame without a score takes the nearest one.")
    return _("Frames without a score are left out.")


def _first_frames(settings: Settings) -> str:
    n = settings.drop_first
    if not n:
        return ""
    return ngettext(
        "The first frame of each video does not count.",
        "The first %(n)d frames of each video do not count.",
        n,
    ) % {"n": n}


def _padding(settings: Settings) -> str:
    if not settings.macro_padding:
        return ""
    return _("Each video gets an artificial normal and an abnormal frame before the mean.")


def _threshold(settings: Settings) -> str:
    if settings.threshold is None:
        return ""
    return _("The threshold is fixed at %g.") % settings.threshold


def _events(settings: Settings) -> str:
    if settings.level != "event":
        return ""
    matched = (
        _("An alarm finds an event at a temporal IoU of %g or more.") % settings.iou
        if settings.iou
        else _("An alarm finds every event that it touches.")
    )
    merged = _("Alarms at most %(merge)g s apart are one and must last %(hold)g s.") % {
        "merge": settings.merge_gap_seconds,
        "hold": settings.hold_seconds,
    }
    return f"{merged} {matched}"


def _leading(settings: Settings) -> str:
    return _("“%s” leads.") % METRICS[settings.metric].title
