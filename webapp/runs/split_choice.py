"""Which splits a form offers."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import F, OuterRef, Q, Subquery

from webapp.accounts.models import Team
from webapp.datasets.models import Split


def offered_splits(team: Team, *, named: Collection[str] = ()) -> list[Split]:
    """Every fold of the newest version of each split of the team's imported datasets.

    Those of `named`, by their ids, are there in an older version, too.
    """
    alike = Split.objects.filter(dataset=OuterRef("dataset"), name=OuterRef("name"))
    newest = Subquery(alike.order_by("-version").values("version")[:1])
    splits = Split.objects.filter(dataset__team=team).exclude(dataset__content_hash="")
    wanted = splits.filter(Q(version=newest) | Q(pk__in=named))
    order = ("dataset__name", "dataset_id", "name", "-version", F("fold").asc(nulls_first=True))
    return list(wanted.order_by(*order).select_related("dataset__team"))
