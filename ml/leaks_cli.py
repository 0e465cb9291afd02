"""`python -m ml leaks`: what the parts of split lists share."""

from __future__ import annotations

import argparse
import json
import re
from collections import ChainMap, Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ml.leaks import Fold, LeakReport, leak_report
from ml.records import BadInput, Part
from ml.splits.lists import read_list
from ml.splits.lists._base import Entry
from ml.splits.tables import COLUMNS, read_groups


def add_verb(verbs: Any) -> None:
    verb = verbs.add_parser("leaks", help="find what training and evaluation share")
    verb.add_argument(
        "--folds", type=Path, nargs="+", default=[], help="files with a subset column"
    )
    for part in ("train", "validation", "test"):
        verb.add_argument(f"--{part}", type=Path, nargs="+", default=[], help="lists of one part")
    verb.add_argument("--groups", type=Path, help="table: name and source, camera or actor")
    verb.add_argument("--group-column", help="the column of the source, called otherwise")
    verb.add_argument(
        "--group-pattern", default="(.*)", help="what of that column names the source, in brackets"
    )
    verb.add_argument("--json", action="store_true")
    verb.set_defaults(run=show)


def show(options: argparse.Namespace) -> int:
    """Print the report; 1 where something leaks."""
    report = leak_report(_folds(options), _groups(options))
    print(json.dumps(asdict(report), indent=1) if options.json else _told(report))
    return int(report.has_leaks)


def _told(report: LeakReport) -> str:
    lines = [f"{each.level:<9}{each.text}" for each in report.findings]
    return "\n".join(lines) or "The parts share nothing that is known."


def _folds(options: argparse.Namespace) -> Sequence[Fold]:
    parts: dict[Part, list[Path]] = {
        "train": options.train, "validation": options.validation, "test": options.test,
    }  # fmt: skip
    if any(parts.values()) == bool(options.folds):
        raise BadInput("give either --folds, or lists with --train, --validation and --test")
    if options.folds:
        return [_fold(path) for path in options.folds]
    return [_assembled(parts)]


def _fold(path: Path) -> Fold:
    entries = read_list(path.read_bytes(), path.name).entries
    if not all(entry.part for entry in entries):
        raise BadInput(f"{path.name} does not say which part its videos are in")
    return {name: entry.part for name, entry in _named_apart(entries) if entry.part}


def _assembled(parts: dict[Part, list[Path]]) -> Fold:
    fold: dict[str, Part] = {}
    for part, paths in parts.items():
        for path in paths:
            for name, _entry in _named_apart(read_list(path.read_bytes(), path.name).entries):
                if fold.setdefault(name, part) != part:
                    raise BadInput(f"{name} is in {fold[name]} and in {part}")
    return fold


def _named_apart(entries: Sequence[Entry]) -> Iterator[tuple[str, Entry]]:
    """Two videos of one name are called by their folders, too."""
    counts = Counter(entry.name for entry in entries)
    for entry in entries:
        is_alone = counts[entry.name] == 1 or not entry.folder
        yield entry.name if is_alone else f"{entry.folder}/{entry.name}", entry


def _groups(options: argparse.Namespace) -> dict[str, dict[str, str]]:
    """{kind: {video: group}}"""
    if options.groups is None:
        return {}
    columns = {"source": options.group_column} if options.group_column else COLUMNS
    given = read_groups(options.groups.read_bytes(), options.groups.name, columns)
    pattern = _pattern(options.group_pattern)
    return {
        kind: {
            video: _named(groups[kind], pattern)
            for video, groups in given.items()
            if kind in groups
        }
        for kind in dict.fromkeys(ChainMap(*given.values()))
    }


def _pattern(text: str) -> re.Pattern[str]:
    try:
        pattern = re.compile(text)
    except re.error as error:
        raise BadInput(f"--group-pattern {text}: {error}") from error
    if pattern.groups != 1:
        raise BadInput(f"--group-pattern {text} needs one pair of brackets")
    return pattern


def _named(group: str, pattern: re.Pattern[str]) -> str:
    match = pattern.fullmatch(group)
    return match[1] if match else group
