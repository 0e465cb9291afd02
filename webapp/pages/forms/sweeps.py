"""The form of a sweep: one value fixes a field of the method, several vary it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.text import Truncator
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from ml.splits.making import MAX_FOLDS
from webapp.common import schema as schemas
from webapp.common.config_fields import PREFIX
from webapp.common.errors import UserError
from webapp.datasets.models import Split
from webapp.datasets.split_forms import HELD_OUT_BY
from webapp.datasets.splits import CROSS, FoldRule
from webapp.pages.forms.runs import RunForm
from webapp.runs.grid import MAX_RUNS, GridError
from webapp.runs.models import LARGEST_SEED, Method
from webapp.runs.sweeps import Plan, plan_sweep

BOOLEANS = (True, False)
MOST_DIGITS = len(str(LARGEST_SEED))
LONGEST_SHOWN = 40  # characters of what was typed, in a sentence about it


class NumberListField(forms.CharField):
    """Whole numbers with commas between them; `1-5` stands for all from 1 to 5."""

    def clean(self, value: Any) -> list[int]:
        parts = (part.strip() for part in super().clean(value).split(","))
        numbers = (number for part in parts if part for number in _span(part))
        found = list(islice(numbers, MAX_RUNS + 1))
        if len(found) > MAX_RUNS:
            sentence = _("More than %(n)s numbers; a sweep has at most %(n)s runs.")
            raise forms.ValidationError(sentence % {"n": MAX_RUNS})
        return found


def _span(part: str) -> range:
    shown = Truncator(part).chars(LONGEST_SHOWN)
    ends = [end.strip() for end in part.split("-")]
    if len(ends) > 2 or not all(end.isdecimal() for end in ends):
        raise forms.ValidationError(_("%s is not a whole number.") % shown)
    if any(len(end) > MOST_DIGITS for end in ends):
        raise forms.ValidationError(_("%s is too large a number.") % shown)
    first, last = int(ends[0]), int(ends[-1])
    if not 0 <= last - first < MAX_RUNS:
        raise forms.ValidationError(_("%s are no numbers, or more than a sweep takes.") % shown)
    return range(first, last + 1)


@dataclass(frozen=True)
class VariedField:
    """A field of the method, the values that were chosen for it, and what is wrong with them."""

    field: schemas.Field
    text: str
    error: str

    @property
    def html_name(self) -> str:
        return PREFIX + self.field.name

    @property
    def values(self) -> list[Any]:
        return values_of(self.field, self.text)

    @property
    def is_varied(self) -> bool:
        return len(self.values) > 1

    @property
    def is_changed(self) -> bool:
        return self.values != [self.field.default]

    @property
    def options(self) -> list[tuple[str, bool]]:
        """Of a field with few values: each as a box, and whether it is ticked."""
        choices = BOOLEANS if self.field.kind == "boolean" else self.field.choices
        return [(schemas.to_text(choice), choice in self.values) for choice in choices]


def values_of(field: schemas.Field, text: str) -> list[Any]:
    """What was typed. Commas are between values, semicolons where a value is itself a list."""
    parts = [part.strip() for part in text.split(";" if field.kind == "list" else ",")]
    if field.is_optional and field.kind != "boolean" and not field.choices:
        return [field.parse(part) for part in parts]
    return [field.parse(part) for part in parts if part]


def text_of(field: schemas.Field, values: Iterable[Any]) -> str:
    """As `values_of` reads it."""
    between = "; " if field.kind == "list" else ", "
    return between.join(schemas.to_text(value) for value in values)


class SweepForm(RunForm):
    """Unbound, it shows a ready-made sweep, or the paper's values where `prefilled` has none."""

    starts_from = None  # type: ignore[assignment]
    region_set = None  # type: ignore[assignment]
    weights = None  # type: ignore[assignment]
    seed = None  # type: ignore[assignment]
    name = None  # type: ignore[assignment]
    title = forms.CharField(
        label=_("Title"),
        required=False,
        max_length=120,
        help_text=_("Left empty, it is named after method and dataset."),
    )
    seeds = NumberListField(
        label=_("Seeds"),
        initial="0",
        help_text=_("With commas between them, or 0-4. Every configuration is run with each."),
    )
    folds = NumberListField(
        label=_("Folds"),
        required=False,
        help_text=_("Of the split's cross-validation, as 1-5. Empty: the split alone."),
    )
    n_folds = forms.IntegerField(
        label=_("Folds to make"),
        required=False,
        min_value=2,
        max_value=MAX_FOLDS,
        help_text=_(
            "A cross-validation over all videos of the dataset, whatever the split: so many "
            "stratified folds, a run on each. Made once by the same rule."
        ),
    )
    held_out_by = forms.ChoiceField(
        label=_("Hold out together"),
        required=False,
        choices=HELD_OUT_BY,
        initial="source",
        help_text=_("What is never parted by the folds to make."),
    )
    folds_seed = forms.IntegerField(
        label=_("Seed of the folds"),
        required=False,
        min_value=0,
        max_value=LARGEST_SEED,
        initial=0,
        help_text=_("Draws the folds to make; trainings have their own."),
    )
    variants = forms.CharField(
        label=_("Variants"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 8, "spellcheck": "false"}),
        help_text=_(
            "Rows that are no grid, one per line: a name, a colon, then the fields that differ, "
            "with semicolons between them. “no attention: attention=false; ttur=false”. "
            "“starts_from=run_…” begins with the weights of that run, or with some brought in."
        ),
    )
    field_order = [
        "title", "split", "feature_set", "seeds", "folds", "n_folds", "held_out_by",
        "folds_seed", "selection", "queue", "variants",
    ]  # fmt: skip

    def __init__(
        self,
        data: QueryDict | None = None,
        *,
        method: Method,
        splits: Iterable[Split],
        prefilled: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(
            _one_text_each(data) if data is not None else None,
            method=method,
            splits=splits,
            prefilled=dict(prefilled or {}),
        )
        if data is not None:  # browsers do not send boxes that are all left unticked
            names = [field.name for field in self.method_fields if _has_boxes(field)]
            self.typed = dict.fromkeys(names, "") | _typed(data)

    def as_data(self) -> QueryDict:
        """What a browser would send of the form as it stands."""
        data = QueryDict(mutable=True)
        data.update({name: self[name].value() or "" for name in self.fields})
        data["split"] = self.chosen_split.pk if self.chosen_split else ""
        for field in self.method_fields:
            data[PREFIX + field.name] = self.typed.get(field.name, field.default_text)
        return data

    @property
    def method_fields(self) -> list[schemas.Field]:
        return schemas.fields_of(self.method.schema)

    @property
    def values(self) -> dict[str, list[Any]]:
        """Of each field that was typed."""
        return {
            field.name: values_of(field, self.typed[field.name])
            for field in self.method_fields
            if field.name in self.typed
        }

    @property
    def config(self) -> dict[str, Any]:
        """The fields with one value, as far as it is not the method's own."""
        fixed = {name: values[0] for name, values in self.values.items() if len(values) == 1}
        return schemas.changed_fields(self.method.schema, fixed)

    @property
    def grid(self) -> dict[str, list[Any]]:
        return {name: values for name, values in self.values.items() if len(values) != 1}

    def clean(self) -> dict[str, Any]:
        return self.cleaned_data

    def clean_variants(self) -> list[dict[str, Any]]:
        return variants_of(self.method.schema, self.cleaned_data["variants"])

    def plan(self) -> Plan | None:
        """What would be submitted; None, with the faults shown, where nothing can be."""
        if not self.is_valid():
            return None
        answers = {name: self.submission()[name] for name in PLANNED}
        try:
            return plan_sweep(**answers)
        except UserError as error:
            self.show_error(error)
            return None

    def submission(self) -> dict[str, Any]:
        """What `sweeps.submit_sweep` takes. Only for a valid form."""
        split = self.splits[self.cleaned_data["split"]]
        answers = {name: value for name, value in self.cleaned_data.items() if name not in OF_FOLDS}
        return answers | {
            "cross_validation": self.fold_rule(),
            "team": split.dataset.team,
            "dataset": split.dataset,
            "split": split,
            "method": self.method,
            "feature_set": self.feature_sets.get(self.cleaned_data.get("feature_set", "")),
            "config": self.config,
            "grid": self.grid,
        }

    def fold_rule(self) -> FoldRule | None:
        """Of the folds that are to be made; None where none are."""
        given = self.cleaned_data
        if not given.get("n_folds"):
            return None
        return FoldRule(
            n_folds=given["n_folds"],
            held_out_by=given.get("held_out_by", ""),
            seed=given.get("folds_seed") or 0,
        )

    def show_error(self, error: UserError) -> None:
        """Put each sentence next to the field that it is about."""
        if error.field == CROSS:
            return self.add_error("n_folds", error.sentence)
        if not isinstance(error, GridError):
            return super().show_error(error)
        names = {field.name for field in self.method_fields}
        for pointer, sentence in error.problems.items():
            _empty, part, *path = pointer.split("/")
            if part in ("config", "grid") and path and path[0] in names:
                self.problems[path[0]] = sentence
            else:
                self.add_error("variants" if part == "variants" else None, sentence)
        if self.problems:
            self.add_error(None, _now("Some fields of the method need another value."))
        return None

    @property
    def varied_groups(self) -> dict[str, list[VariedField]]:
        """The method's fields under the titles of their groups."""
        groups = schemas.groups_of(self.method_fields)
        return {
            title: [self._varied_field(each) for each in group] for title, group in groups.items()
        }

    def _varied_field(self, field: schemas.Field) -> VariedField:
        text = self.typed.get(field.name, field.default_text)
        return VariedField(field, text, self.problems.get(field.name, ""))


PLANNED = ("method", "split", "config", "grid", "variants", "seeds", "folds", "cross_validation")
OF_FOLDS = ("n_folds", "held_out_by", "folds_seed")
STARTS_FROM = "starts_from"  # beside the fields of a method in a variant


def variants_of(schema: schemas.Schema, text: str) -> list[dict[str, Any]]:
    """One per line. Raise ValidationError for a line that is none; its values are checked later."""
    lines = list(filter(None, (line.strip() for line in text.splitlines())))
    if len(lines) > MAX_RUNS:
        sentence = _now("More than %(n)s variants; a sweep has at most %(n)s runs.")
        raise forms.ValidationError(sentence % {"n": MAX_RUNS})
    return [_variant_of(schema, line) for line in lines]


def _variant_of(schema: schemas.Schema, line: str) -> dict[str, Any]:
    title, colon, settings = line.partition(":")
    if not colon:
        sentence = _now("“%s” has no colon after its name.")
        raise forms.ValidationError(sentence % line)
    fields = {field.name: field for field in schemas.fields_of(schema)}
    config = {}
    for part in filter(None, (part.strip() for part in settings.split(";"))):
        name, equals, value = (each.strip() for each in part.partition("="))
        if not equals:
            sentence = _now("“%s” does not say what it sets: write field=value.")
            raise forms.ValidationError(sentence % part)
        config[name] = fields[name].parse(value) if name in fields else value
    start = {STARTS_FROM: config.pop(STARTS_FROM)} if STARTS_FROM in config else {}
    return {"title": title.strip(), "config": config} | start


def text_of_variants(variants: Iterable[Mapping[str, Any]]) -> str:
    """As `variants_of` reads it."""
    return "\n".join(
        f"{variant['title']}: {settings_text(variant['config'])}" for variant in variants
    )


def settings_text(config: Mapping[str, Any]) -> str:
    return "; ".join(f"{name}={schemas.to_text(value)}" for name, value in config.items())


@dataclass(frozen=True)
class ReadyMade:
    """A sweep that a method brings, as a card shows it."""

    name: str
    title: str
    reproduces: str
    lines: list[tuple[str, str]]  # what it varies: fields with their values, variants


def ready_made(method: Method) -> list[ReadyMade]:
    """In the method's order."""
    fields = {field.name: field for field in schemas.fields_of(method.schema)}
    return [
        ReadyMade(
            name=each["name"],
            title=each["title"],
            reproduces=each["reproduces"],
            lines=[
                (name, text_of(fields[name], values))
                for name, values in each["grid"].items()
                if name in fields
            ]
            + [(row["title"], settings_text(row["config"])) for row in each["variants"]],
        )
        for each in method.sweeps
    ]


def prefilled_by(method: Method, ready: Mapping[str, Any]) -> dict[str, str]:
    """A ready-made sweep as one would type it."""
    fields = {field.name: field for field in schemas.fields_of(method.schema)}
    typed = {
        PREFIX + name: text_of(fields[name], values)
        for name, values in ready["grid"].items()
        if name in fields
    }
    return {
        "title": ready["title"],
        "variants": text_of_variants(ready["variants"]),
        **typed,
    }


def _has_boxes(field: schemas.Field) -> bool:
    return field.kind in ("boolean", "choice")


def _typed(data: QueryDict) -> dict[str, str]:
    return {
        name.removeprefix(PREFIX): ", ".join(data.getlist(name))
        for name in data
        if name.startswith(PREFIX)
    }


def _one_text_each(data: QueryDict) -> dict[str, str]:
    """Ticked boxes of one field become its values with commas between them."""
    return {name: ", ".join(data.getlist(name)) for name in data}
