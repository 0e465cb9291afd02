"""The activity of a team: who did what, and when."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.db.models import Model
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from webapp.accounts.http import AuthenticatedRequest
from webapp.accounts.models import Team, User
from webapp.accounts.teams import current_team
from webapp.audit.models import KINDS, AuditEvent, AuditEventQuerySet
from webapp.datasets.models import Dataset
from webapp.jobs.models import Job
from webapp.runs.models import Run, Sweep, Weights

PAGE_SIZE = 50
# By the prefix of an id: where it is kept, and its page.
PAGES: dict[str, tuple[type[Model], str]] = {
    "ds": (Dataset, "datasets:detail"),
    "run": (Run, "runs:detail"),
    "sweep": (Sweep, "runs:sweep"),
    "weights": (Weights, "runs:weights"),
    "job": (Job, "jobs:detail"),
}


class ActivityForm(forms.Form):
    """What of the activity is looked at."""

    kind = forms.ChoiceField(label=_("What"), required=False)
    person = forms.ChoiceField(label=_("Who"), required=False)

    def __init__(self, *args: Any, team: Team, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kinds, people = self.fields["kind"], self.fields["person"]
        assert isinstance(kinds, forms.ChoiceField)
        assert isinstance(people, forms.ChoiceField)
        kinds.choices = [("", _("everything")), *KINDS.items()]
        people.choices = [("", _("everybody")), *people_of(team)]
        for field in (kinds, people):
            field.widget.attrs["data-submits"] = ""

    def narrow(self, events: AuditEventQuerySet) -> AuditEventQuerySet:
        """An answer that is none of the choices narrows nothing."""
        self.is_valid()
        if kind := self.cleaned_data.get("kind"):
            events = events.of_kind(kind)
        if person := self.cleaned_data.get("person"):
            events = events.filter(user=person)
        return events

    @property
    def is_narrowing(self) -> bool:
        return any(self.cleaned_data.values())


def people_of(team: Team) -> list[tuple[str, str]]:
    """Members, and who has left the team and done something before, by name."""
    left = AuditEvent.objects.filter(team=team).order_by().values("user").distinct()
    people = User.objects.filter(pk__in=left) | User.objects.filter(memberships__team=team)
    return [(person.pk, str(person)) for person in people.distinct().order_by("name", "pk")]


@require_safe
def activity(request: AuthenticatedRequest) -> HttpResponse:
    """Newest first; `?after=` an event's id goes on below it, however many lie above."""
    team = current_team(request)
    form = ActivityForm(request.GET, team=team)
    events = form.narrow(AuditEvent.objects.filter(team=team))
    if after := request.GET.get("after"):
        events = events.filter(pk__lt=after)
    page = list(events.select_related("user")[: PAGE_SIZE + 1])
    shown = page[:PAGE_SIZE]
    addresses = addresses_of(shown)
    context = {
        "form": form,
        "rows": [{"event": each, "url": addresses.get(each.subject_id, "")} for each in shown],
        "next_after": shown[-1].pk if len(page) > PAGE_SIZE else None,
    }
    return render(request, "activity/list.html", context)


def addresses_of(events: Iterable[AuditEvent]) -> Mapping[str, str]:
    """By id, the pages of those subjects that are still there: a query for each kind of them."""
    wanted: dict[str, list[str]] = {}
    for event in events:
        wanted.setdefault(event.subject_id.partition("_")[0], []).append(event.subject_id)
    return {
        pk: reverse(PAGES[prefix][1], args=[pk])
        for prefix, ids in wanted.items()
        if prefix in PAGES
        for pk in PAGES[prefix][0]._default_manager.filter(pk__in=ids).values_list("pk", flat=True)
    }
