"""Bring all cases, print and keep the table. Ends with 1 when anything is silently wrong.

Run from the repository root:

    python -m benchmarks.door
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from django.db import connection

from benchmarks import report
from benchmarks.door._base import NOBODY_KNOWS, TITLES, Case, Outcome, cases_of, run
from benchmarks.embedded_site import site

N_AT_ONCE = 2
SHOWN = 300  # letters of a value
FAULTS = ("silent", "crash")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.door")
    parser.add_argument("--only", default="", help="a word of the kinds to bring; nothing is kept")
    only = parser.parse_args().only
    with site():
        outcomes = brought(list(cases_of(only)))
    print(table(outcomes))
    print("\n".join(in_words(outcomes)))
    if not only:
        report.save("door", figures(outcomes))
    return int(any(each.verdict in FAULTS for each in outcomes))


def brought(cases: Sequence[Case]) -> list[Outcome]:
    with tempfile.TemporaryDirectory() as home, ThreadPoolExecutor(N_AT_ONCE) as pool:
        folders = [Path(home) / f"{number:04}" for number in range(len(cases))]
        return list(pool.map(_one, cases, folders))


def _one(case: Case, folder: Path) -> Outcome:
    folder.mkdir()
    try:
        return run(case, folder)
    finally:
        connection.close()


def table(outcomes: Iterable[Outcome]) -> str:
    """Markdown: a row for each kind, a column for each verdict, and the sums."""
    by_kind: dict[str, Counter[str]] = {}
    for each in outcomes:
        by_kind.setdefault(each.case.kind, Counter())[each.verdict] += 1
    by_kind["**all**"] = sum(by_kind.values(), Counter())
    heads = ["kind of input", "files", *TITLES.values()]
    lines = [_row(heads), _row(["---"] * len(heads))]
    lines += [
        _row([title, counts.total(), *(counts[verdict] or "" for verdict in TITLES)])
        for title, counts in by_kind.items()
    ]
    return "\n".join(lines)


def _row(cells: Iterable[Any]) -> str:
    return f"| {' | '.join(map(str, cells))} |"


def in_words(outcomes: Iterable[Outcome]) -> Iterable[str]:
    """Whatever is not simply right, with what was said or kept."""
    for each in outcomes:
        if each.verdict == "right":
            continue
        sentence = (
            each.brought.refusal if each.verdict == "refused" else "; ".join(each.brought.findings)
        )
        yield f"\n{TITLES[each.verdict]}: {each.case.kind}: {each.case.name}\n  {sentence}"
        if each.verdict in (*FAULTS, "wrong"):
            yield (
                f"  right {each.case.right}"[:SHOWN]
                + "\n"
                + f"  kept  {each.brought.value}"[:SHOWN]
            )


def figures(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    by_kind: dict[str, dict[str, int]] = {}
    for each in outcomes:
        counts = by_kind.setdefault(each.case.kind, dict.fromkeys(TITLES.values(), 0))
        counts[TITLES[each.verdict]] += 1
    others = [each for each in outcomes if each.verdict != "right"]
    return {
        "n_files": len(outcomes),
        "n_with_right_value": sum(each.case.right != NOBODY_KNOWS for each in outcomes),
        "all": dict(Counter(TITLES[each.verdict] for each in outcomes)),
        "by_kind": by_kind,
        "not_simply_right": {
            f"{each.case.kind}: {each.case.name}": TITLES[each.verdict] for each in others
        },
    }


if __name__ == "__main__":
    sys.exit(main())
