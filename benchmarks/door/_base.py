"""What a case is, what came of it, and the verdict on that."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

Verdict = Literal["right", "told", "refused", "wrong", "silent", "crash"]
TITLES: dict[Verdict, str] = {
    "right": "right",
    "told": "taken with a finding",
    "refused": "refused",
    "wrong": "wrong with a finding",
    "silent": "SILENTLY WRONG",
    "crash": "CRASHED",
}
NOBODY_KNOWS = "nobody can know"  # the right value of a file that must not be taken in silence


@dataclass(frozen=True, kw_only=True)
class Brought:
    """What was kept, None where nothing was; `findings` are warnings, errors and repairs.

    A `refusal` says that something was not kept, and why.
    """

    value: Any = None
    findings: tuple[str, ...] = ()
    refusal: str = ""


Bring = Callable[[Path], Brought]


@dataclass(frozen=True, kw_only=True)
class Case:
    """`bring` makes the file in an empty folder and brings it; `right` is the value to be kept."""

    name: str
    right: Any
    bring: Bring
    kind: str = ""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    case: Case
    brought: Brought
    verdict: Verdict


Cases = Callable[[], Iterable[Case]]
KINDS: dict[str, Cases] = {}


def kind(title: str) -> Callable[[Cases], Cases]:
    """Register a function that yields the cases of a kind."""

    def register(cases: Cases) -> Cases:
        KINDS[title] = cases
        return cases

    return register


def load_kinds() -> dict[str, Cases]:
    package = importlib.import_module(__package__ or "benchmarks.door")
    for module in pkgutil.iter_modules(package.__path__):
        if not module.name.startswith("_"):
            importlib.import_module(f"{package.__name__}.{module.name}")
    return KINDS


def cases_of(only: str = "") -> Iterator[Case]:
    for title, cases in load_kinds().items():
        if only in title:
            for each in cases():
                yield Case(name=each.name, right=each.right, bring=each.bring, kind=title)


def judge(case: Case, brought: Brought) -> Verdict:
    if brought.value == case.right:
        return "told" if brought.findings else "right"
    nobody_knows = case.right == NOBODY_KNOWS
    if brought.refusal and (nobody_knows or is_part(brought.value, case.right)):
        return "refused"
    is_harmless = nobody_knows and brought.findings
    return "told" if is_harmless else "wrong" if brought.findings else "silent"


def is_part(value: Any, right: Any) -> bool:
    """Whether nothing is kept that the right value does not have in the same place."""
    if isinstance(value, dict) and isinstance(right, dict):
        return all(is_part(each, right.get(key)) for key, each in value.items())
    if isinstance(value, list) and isinstance(right, list):
        rest = iter(right)
        return all(each in rest for each in value)  # in the same order
    return value == right or value in (None, "", [], {}, ())


def run(case: Case, folder: Path) -> Outcome:
    """Raise nothing: an error that is no refusal is the outcome."""
    try:
        brought = case.bring(folder)
    except Exception as error:
        fault = f"{type(error).__name__}: {error}"
        return Outcome(case=case, brought=Brought(findings=(fault,)), verdict="crash")
    return Outcome(case=case, brought=brought, verdict=judge(case, brought))
