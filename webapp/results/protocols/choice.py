"""Which protocols a page or an answer offers, and which one an address names."""

from __future__ import annotations

from django.http import Http404

from webapp.accounts.models import Team
from webapp.results.models import Protocol, ProtocolQuerySet
from webapp.results.protocols.presets import RAW, ensure_protocols


def offered_protocols(team: Team | None) -> list[Protocol]:
    """The presets in their order, then the newest version of each of the team's own."""
    own = Protocol.objects.filter(team=team) if team else Protocol.objects.none()
    return ensure_protocols() + newest_of(own)


def newest_of(protocols: ProtocolQuerySet) -> list[Protocol]:
    """By title; `protocols` without the presets."""
    newest = protocols.order_by("team", "slug", "-version").distinct("team", "slug")
    return sorted(newest, key=lambda protocol: protocol.title)


def protocol_of(slug: str, team: Team | None, version: int | None = None) -> Protocol:
    """The one that `team` has, else the preset, the newest unless a `version` is named.

    "" is the default one. Raise Http404 where there is none.
    """
    ensure_protocols()
    known: ProtocolQuerySet = Protocol.objects.filter(team=None)
    if team is not None:
        known = Protocol.objects.of_team(team)
    named = known.filter(slug=slug or RAW.slug)
    if version is not None:
        named = named.filter(version=version)
    found = named.order_by("team", "-version").first()  # NULL, that of a preset, comes last
    if found is None:
        raise Http404(f"no protocol {slug}")
    return found
