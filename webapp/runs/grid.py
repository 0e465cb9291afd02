"""What a sweep varies, made into configurations: checked as a whole before anything is stored."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import Any

from django.utils.translation import gettext as _

from webapp.common.errors import UserError
from webapp.common.schema import Schema, changed_fields, names_of, to_text
from webapp.runs.config import complete_config, problems_of

MAX_RUNS = 200  # of one sweep

Config = dict[str, Any]
Grid = Mapping[str, Sequence[Any]]
# Each {"title", "config", "starts_from"}: the title may be empty, the last is left out as a rule.
Variants = Sequence[Mapping[str, Any]]


class GridError(UserError):
    """Every fault of what a sweep varies: `problems` holds a sentence for each JSON pointer."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__("; ".join(problems.values()), code="bad_sweep", field=next(iter(problems)))
        self.problems = dict(problems)


@dataclass(frozen=True, kw_only=True)
class Configuration:
    """One row of a sweep's table; `title` is as “without attention · epochs 5”."""

    row: int
    title: str
    config: Config  # complete
    starts_from: str = ""  # id of a run or of weights; random ones without


def configurations(
    schema: Schema, config: Config, grid: Grid, variants: Variants
) -> list[Configuration]:
    """`config`, for each of `variants`, with every combination of `grid`.

    The last field turns first. Raise GridError where something is wrong or two are the same.
    """
    _check_size(schema, grid, variants)
    if problems := dict(_problems(schema, config, grid, variants)):
        raise GridError(problems)
    names = [name for name in names_of(schema) if name in grid]
    cells = [dict(zip(names, each, strict=True)) for each in product(*map(grid.__getitem__, names))]
    rows = [
        Configuration(
            row=row,
            title=_title(variant, {name: cell[name] for name in names if len(grid[name]) > 1}),
            config=complete_config(schema, config | variant.get("config", {}) | cell),
            starts_from=variant.get("starts_from", ""),
        )
        for row, (variant, cell) in enumerate(product(variants or [{}], cells))
    ]
    _refuse_twins(rows)
    return rows


def _check_size(schema: Schema, grid: Grid, variants: Variants) -> None:
    """Before any value is looked at: each takes a while."""
    lists = [grid[name] for name in names_of(schema) if isinstance(grid.get(name), list | tuple)]
    n_rows = max(1, len(variants)) * prod(max(1, len(values)) for values in lists)
    if n_rows > MAX_RUNS:
        raise too_many(n_rows)


def too_many(n_runs: int) -> GridError:
    sentence = _("This makes %(n)s runs; a sweep has at most %(most)s.")
    return GridError({"/grid": sentence % {"n": n_runs, "most": MAX_RUNS}})


def varied_fields(schema: Schema, grid: Grid, variants: Variants) -> list[str]:
    """Names of the fields that differ between rows, in the method's order."""
    varied = {name for variant in variants for name in variant["config"]}
    varied |= {name for name, values in grid.items() if len(values) > 1}
    known = [name for name in names_of(schema) if name in varied]
    return known + sorted(varied - set(known))  # the method may have lost fields since


def variant_title(grid: Grid, variants: Variants, row: int) -> str:
    """That of the variant which the row belongs to; empty without any."""
    n_cells = prod(len(values) for values in grid.values())
    return str(variants[row // n_cells].get("title", "")) if variants else ""


def changes_of(schema: Schema, config: Mapping[str, Any]) -> str:
    """What a config sets otherwise than the method, in a line."""
    changes = changed_fields(schema, config)
    order = [name for name in names_of(schema) if name in changes]
    return _in_words({name: changes[name] for name in dict.fromkeys([*order, *changes])})


def _title(variant: Mapping[str, Any], cell: Config) -> str:
    named = str(variant.get("title", "")) or _in_words(variant.get("config", {}))
    return " · ".join(filter(None, (named, _in_words(cell))))


def _in_words(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {to_text(value) or '–'}" for name, value in values.items())


def _problems(
    schema: Schema, config: Config, grid: Grid, variants: Variants
) -> Iterator[tuple[str, str]]:
    """Pointers and sentences. What nobody gives a value is found when a config is completed."""
    for name, sentence in _faults(schema, config):
        yield f"/config/{name}", sentence
    for name, values in grid.items():
        if sentence := _fault_of_values(schema, name, values):
            yield f"/grid/{name}", sentence
        elif name in config:
            sentence = _("%s: it is fixed in the config and varied in the grid")
            yield f"/grid/{name}", sentence % name
    for place, variant in enumerate(variants):
        for name, sentence in _faults_of_variant(schema, grid, variant["config"]):
            title = variant.get("title") or _("variant %s") % (place + 1)
            yield f"/variants/{place}/config/{name}", f"{title}: {sentence}"


def _faults_of_variant(schema: Schema, grid: Grid, config: Config) -> Iterator[tuple[str, str]]:
    yield from _faults(schema, config)
    for name in config:
        if name in grid:
            yield name, _("%s: it is varied in the grid, too") % name


def _faults(schema: Schema, config: Config) -> Iterator[tuple[str, str]]:
    """Of the fields that are there."""
    found = problems_of(schema, config).items()
    return ((name, sentence) for name, sentence in found if name in config)


def _fault_of_values(schema: Schema, name: str, values: Any) -> str:
    if name not in schema["properties"]:
        return problems_of(schema, {name: None})[name]
    if not isinstance(values, list | tuple):
        return _("%s: a list of values is expected") % name
    if not values:
        return _("%s: at least one value is needed") % name
    faults = (problems_of(schema, {name: value}).get(name) for value in values)
    return next(filter(None, faults), "") or _twice(name, values)


def _twice(name: str, values: Sequence[Any]) -> str:
    pair = _first_pair(values)
    if pair is None:
        return ""
    words = {"name": name, "value": to_text(values[pair[1]]) or "–"}
    return _("%(name)s: %(value)s is there twice") % words


def _refuse_twins(rows: Sequence[Configuration]) -> None:
    """Two runs of one config and seed would be one number, counted twice."""
    pair = _first_pair([[row.config, row.starts_from] for row in rows])
    if pair is None:
        return
    sentence = _("“%(one)s” and “%(other)s” are the same configuration.")
    one, other = (rows[at].title or _("nothing changed") for at in pair)
    raise GridError({"/variants": sentence % {"one": one, "other": other}})


def _first_pair(values: Sequence[Any]) -> tuple[int, int] | None:
    """The places of the first value that was there before: where it was, and where it is."""
    seen: dict[str, int] = {}
    for at, value in enumerate(values):
        before = seen.setdefault(json.dumps(_plain(value), sort_keys=True), at)
        if before != at:
            return before, at
    return None


def _plain(value: Any) -> Any:
    """3.0 is the number 3."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if isinstance(value, Mapping):
        return {name: _plain(each) for name, each in value.items()}
    return value
