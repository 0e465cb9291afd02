"""The run form: the answers that every run needs, and the fields of its method."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import groupby
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.db.models import Q
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _

from webapp.accounts.models import Team
from webapp.common import schema as schemas
from webapp.common.config_fields import (
    PREFIX,
    ConfigField,
    grouped,
    typed_in,
    unticked_boxes,
)
from webapp.common.errors import UserError
from webapp.datasets.models import Dataset, FeatureSet, RegionSet, Split
from webapp.jobs.models import ENDED_BADLY, Job
from webapp.runs.config import problems_of
from webapp.runs.models import (
    LARGEST_SEED,
    Checkpoint,
    Method,
    Run,
    RunQuerySet,
    Weights,
)

ANSWERS = (
    "feature_set",
    "region_set",
    "weights",
    "starts_from",
    "seed",
    "selection",
    "queue",
    "name",
)
MOST_STARTS = 30  # runs that a form offers to begin with


class RunForm(forms.Form):
    """Unbound, it shows the paper's values except where `data` of an address says otherwise."""

    split = forms.ChoiceField(
        label=_("Dataset and split"),
        help_text=_("Trains on the training part, is evaluated on the test part."),
    )
    feature_set = forms.ChoiceField(
        label=_("Features"),
        help_text=_("Of the same dataset, with a file for every video of the split."),
    )
    region_set = forms.ChoiceField(
        label=_("Regions"),
        required=False,
        help_text=_(
            "Of the same dataset: what is looked at in the videos that have some, each a clip of "
            "its own."
        ),
    )
    weights = forms.ChoiceField(
        label=_("Weights"),
        required=False,
        help_text=_(
            "With weights that were brought in nothing is trained: of the method's fields only "
            "those of scoring count."
        ),
    )
    starts_from = forms.ChoiceField(
        label=_("Weights to begin with"),
        required=False,
        help_text=_(
            "Of a run of the same network, as it was scored, or of a method that this one may "
            "begin with, or brought in."
        ),
    )
    seed = forms.IntegerField(
        label=_("Seed"),
        initial=0,
        min_value=0,
        max_value=LARGEST_SEED,
        help_text=_("On a CPU, the same seed and config give the same numbers."),
    )
    selection = forms.ChoiceField(
        label=_("Checkpoint to score"),
        choices=[(each.value, each.label) for each in Run.SELECTIONS_HERE],
        initial=Run.Selection.LAST,
        help_text=_(
            "“Selected on test” lets the labels of the test videos choose, as many published "
            "numbers were made. It is there to repeat these, and marked wherever its numbers stand."
        ),
    )
    queue = forms.ChoiceField(
        label=_("Queue"),
        choices=[("", _("automatic")), *Job.Queue.choices],
        required=False,
        help_text=_("Automatic takes a GPU where one is alive."),
    )
    name = forms.CharField(
        label=_("Name"),
        required=False,
        help_text=_("Left empty, it is named after method and dataset."),
    )

    def __init__(
        self,
        data: Mapping[str, str] | None = None,
        *,
        method: Method,
        splits: Iterable[Split],
        prefilled: dict[str, str] | None = None,
    ) -> None:
        super().__init__(data, initial=prefilled)
        self.method = method
        self.splits = {split.pk: split for split in splits}
        self.problems: dict[str, str] = {}
        self.typed = typed_in(data or prefilled or {})
        if data is not None:
            self.typed = unticked_boxes(method.schema) | self.typed
        self.fields["split"].choices = self._split_choices()  # type: ignore[attr-defined]
        self.starts = self._offered_starts(self._named("starts_from"))
        self.published = self._offered_weights()
        self._offer("weights", _("learnt here"), self.published)
        self._offer("starts_from", _("random"), {**self.starts, **self.published})
        self.feature_sets = self._offered_feature_sets()
        if method.reads_features:
            choices = [(pk, f"{each.dataset} · {each}") for pk, each in self.feature_sets.items()]
            self.fields["feature_set"].choices = choices  # type: ignore[attr-defined]
        else:
            del self.fields["feature_set"]
        self.region_sets = self._offered_region_sets()
        self._offer("region_set", _("whole pictures"), self.region_sets)

    def _offer(
        self, field: str, none: Promise, offered: Mapping[str, Run | Weights | RegionSet]
    ) -> None:
        """No such field where there is nothing to choose from."""
        if offered and field in self.fields:
            choices = [("", none), *((pk, _dated(each)) for pk, each in offered.items())]
            self.fields[field].choices = choices  # type: ignore[attr-defined]
        else:
            self.fields.pop(field, None)

    def _named(self, field: str) -> str:
        """What the form was sent or prefilled with."""
        return str((self.data if self.is_bound else self.initial).get(field, ""))

    def _offered_starts(self, named: str) -> dict[str, Run]:
        """The newest runs that have weights for the method, and the one that is named."""
        teams = {split.dataset.team_id for split in self.splits.values()}
        methods = [self.method.name, *self.method.begins_with]
        kept = Checkpoint.objects.filter(run__team__in=teams, run__method__in=methods)
        newest = kept.order_by("-run").values("run").distinct()[:MOST_STARTS]
        chosen = [row["run"] for row in newest]
        runs = Run.objects.filter(team__in=teams, method__in=methods, checkpoints__isnull=False)
        found = runs.filter(Q(pk__in=chosen) | Q(pk=named)).distinct().order_by("-pk")
        return {run.pk: run for run in found}

    def _offered_weights(self) -> dict[str, Weights]:
        """The newest of the method that were brought in, and those that are named."""
        teams = {split.dataset.team_id for split in self.splits.values()}
        ready = Weights.objects.ready().filter(team__in=teams, method=self.method)
        named = [self._named("weights"), self._named("starts_from")]
        newest = Q(pk__in=ready.values("pk")[:MOST_STARTS])
        return {each.pk: each for each in ready.filter(newest | Q(pk__in=named))}

    @property
    def chosen_weights(self) -> Weights | None:
        """Those that are to be scored as they are."""
        return self.published.get(self._named("weights"))

    def _offered_feature_sets(self) -> dict[str, FeatureSet]:
        """Those of the datasets whose splits are offered, the newest first."""
        if not self.method.reads_features:
            return {}
        datasets = {split.dataset_id for split in self.splits.values()}
        sets = FeatureSet.objects.ready().filter(dataset__in=datasets).select_related("dataset")
        return {each.pk: each for each in sets.order_by("dataset__name", "-pk")}

    def _offered_region_sets(self) -> dict[str, RegionSet]:
        """Those of the datasets whose splits are offered, the newest first."""
        if not self.method.reads_clips:
            return {}
        datasets = {split.dataset_id for split in self.splits.values()}
        sets = RegionSet.objects.filter(dataset__in=datasets).select_related("dataset")
        return {each.pk: each for each in sets}

    def _split_choices(self) -> list[tuple[str, list[tuple[str, str]]]]:
        by_dataset = groupby(self.splits.values(), key=lambda split: split.dataset)
        return [
            (dataset.name, [(split.pk, f"{dataset.name} · {split}") for split in splits])
            for dataset, splits in by_dataset
        ]

    def clean(self) -> dict[str, Any]:
        self.problems = problems_of(self.method.schema, self.typed_config)
        if self.problems:
            raise forms.ValidationError(_("Some fields of the method need another value."))
        return self.cleaned_data

    def show_error(self, error: UserError) -> None:
        """Put the sentence next to the field that it is about."""
        self.problems |= getattr(error, "problems", {})
        field = "starts_from" if error.field == "starts_from_weights" else error.field
        self.add_error(field if field in self.fields else None, error.sentence)

    @property
    def typed_config(self) -> dict[str, Any]:
        """What was typed, as values. Fields that were not asked for are left out."""
        return schemas.config_of_texts(self.method.schema, self.typed)

    @property
    def config(self) -> dict[str, Any]:
        """What was typed. Beside weights that are scored, only what says something of scoring, or
        differs from the method's own value and thus was meant."""
        typed = self.typed_config
        if self.chosen_weights is None:
            return typed
        meant = schemas.changed_fields(self.method.schema, typed)
        return {
            name: value
            for name, value in typed.items()
            if name in meant or schemas.is_of_scoring(self.method.schema, name)
        }

    @property
    def changes(self) -> dict[str, Any]:
        """What of it differs from what a run without it would have."""
        if self.chosen_weights is None:
            return schemas.changed_fields(self.method.schema, self.config)
        theirs = self.chosen_weights.config
        return {name: value for name, value in self.config.items() if theirs.get(name) != value}

    @property
    def chosen_split(self) -> Split | None:
        first = next(iter(self.splits.values()), None)
        return self.splits.get(self["split"].value(), first)

    @property
    def groups(self) -> dict[str, list[ConfigField]]:
        """The method's fields under the titles of their groups."""
        return grouped(self.method.schema, self.typed, self.problems)

    def submission(self) -> dict[str, Any]:
        """What `services.create_run` takes. Only for a valid form."""
        split = self.splits[self.cleaned_data["split"]]
        return self.cleaned_data | {
            "team": split.dataset.team,
            "dataset": split.dataset,
            "split": split,
            "method": self.method,
            "feature_set": self.feature_sets.get(self.cleaned_data.get("feature_set", "")),
            "region_set": self.region_sets.get(self.cleaned_data.get("region_set", "")),
            "weights": self.published.get(self.cleaned_data.get("weights", "")),
            "starts_from": self.starts.get(self.cleaned_data.get("starts_from", "")),
            "starts_from_weights": self.published.get(self.cleaned_data.get("starts_from", "")),
            "config": self.config,
        }

    def changed_answers(self) -> dict[str, Any]:
        """Answers other than the proposed ones, as far as they can be read."""
        answers = {}
        for name in ANSWERS:
            if name not in self.fields:
                continue
            field = self.fields[name]
            try:
                answer = field.clean(self[name].value())
            except forms.ValidationError:
                continue
            if answer not in (field.initial, ""):
                is_published = name == "starts_from" and answer in self.published
                answers["starts_from_weights" if is_published else name] = answer
        return answers


def _dated(origin: Run | Weights | RegionSet) -> str:
    """Runs of one method on one dataset are often called the same."""
    if isinstance(origin, RegionSet):
        return f"{origin.dataset} · {origin}"
    return f"{origin} · {localtime(origin.created_at):%Y-%m-%d %H:%M}"


def address_to_score(weights: Weights) -> str:
    """The form filled in to score with `weights`; empty until they are ready."""
    if weights.method is None:
        return ""
    answers = {"method": weights.method_id, "weights": weights.pk}
    return _address(answers | _changes_typed(weights.method, weights.config))


def _changes_typed(method: Method, config: Mapping[str, Any]) -> dict[str, str]:
    changes = schemas.changed_fields(method.schema, config)
    return {PREFIX + name: schemas.to_text(value) for name, value in changes.items()}


def _address(answers: Mapping[str, Any]) -> str:
    given = {name: value for name, value in answers.items() if value not in ("", None)}
    return f"{reverse('runs:new')}?{urlencode(given)}"


def address_of_form(run: Run) -> str:
    """The form filled in as it was for `run`; empty where there was none."""
    if run.method is None:
        return ""
    is_trained = run.kind == Run.Kind.TRAINED
    answers = {
        "dataset": run.dataset_id,
        "split": run.split_id,
        "method": run.method_id,
        "feature_set": run.feature_set_id,
        "region_set": run.region_set_id,
        "weights": run.weights_id,
        "starts_from": run.starts_from.origin_id if run.starts_from else "",
        "seed": run.seed,
        "selection": run.selection if is_trained else "",
    }
    return _address(answers | _changes_typed(run.method, run.config))


class RunFilterForm(forms.Form):
    """Filters of the run list. Every one may stay empty; what is not understood is ignored."""

    STATES = {
        "waiting": (_("waiting"), Job.WAITING),
        "scores": (_("waiting for scores"), (Run.WAITING_FOR_SCORES,)),
        "running": (_("running"), Job.ACTIVE),
        "succeeded": (_("succeeded"), (Job.Status.SUCCEEDED,)),
        "failed": (_("failed"), ENDED_BADLY),
        "cancelled": (_("cancelled"), (Job.Status.CANCELLED,)),
    }
    dataset = forms.ModelChoiceField(
        Dataset.objects.none(), label=_("Dataset"), empty_label=_("all"), required=False
    )
    method = forms.ModelChoiceField(
        Method.objects.all(), label=_("Method"), empty_label=_("all"), required=False
    )
    status = forms.ChoiceField(
        label=_("State"),
        choices=[("", _("all")), *((name, label) for name, (label, _states) in STATES.items())],
        required=False,
    )

    def __init__(self, data: Any, *, team: Team) -> None:
        super().__init__(data)
        for field in self.fields.values():
            field.widget.attrs["data-submits"] = True
        self.fields["dataset"].widget.attrs["data-filter"] = True
        datasets = Dataset.objects.filter(team=team).order_by("name")
        self.fields["dataset"].queryset = datasets  # type: ignore[attr-defined]

    @property
    def is_narrowing(self) -> bool:
        return self.is_valid() and any(self.cleaned_data.values())

    def narrow(self, runs: RunQuerySet) -> RunQuerySet:
        self.full_clean()
        chosen = {name: value for name, value in self.cleaned_data.items() if value}
        if status := chosen.pop("status", ""):
            runs = runs.in_states(self.STATES[status][1])
        return runs.filter(**chosen)
