"""What forms of runs offer, and what an address chooses among it."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from django.db.models import F, OuterRef, Q, Subquery
from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from webapp.accounts.models import Team
from webapp.accounts.teams import current_team
from webapp.datasets.models import Dataset, Split
from webapp.runs.models import Method


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


def chosen_team(request: HttpRequest) -> Team:
    """The team of the dataset that the address names, else the one that is worked in."""
    if dataset_id := request.GET.get("dataset"):
        datasets = Dataset.objects.visible_to(request.user).select_related("team")
        return get_object_or_404(datasets, pk=dataset_id).team
    return current_team(request)


def chosen_method(request: HttpRequest) -> Method | None:
    """The chosen one, or the only one there is."""
    if name := request.POST.get("method") or request.GET.get("method"):
        return get_object_or_404(Method, pk=name)
    methods = Method.objects.all()[:2]
    return methods[0] if len(methods) == 1 else None


def splits_of(request: HttpRequest) -> list[Split]:
    """What a form offers; a split that the address or the form names is among them."""
    named = (request.GET.get("split", ""), request.POST.get("split", ""))
    return offered_splits(chosen_team(request), named=named)


def from_address(request: HttpRequest, splits: Iterable[Split]) -> dict[str, str]:
    """`?dataset=` alone chooses that dataset's first split; other names are those of the form."""
    answers = request.GET.dict()
    offered = {split.pk: split.dataset_id for split in splits}
    if answers.get("split") in offered:
        return answers
    of_dataset = (pk for pk, dataset in offered.items() if dataset == answers.get("dataset"))
    return answers | {"split": next(of_dataset, "")}


def names_lost_split(request: HttpRequest, offered: Iterable[str]) -> bool:
    """The address names a split that is none of these; whoever sends a form has seen that."""
    return request.method == "GET" and request.GET.get("split", "") not in {"", *offered}
