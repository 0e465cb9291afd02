"""`python -m ml leaks`: what the parts of split lists share."""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from itertools import groupby
from pathlib import Path
from typing import Any

from ml.leaks import Fold, LeakReport, leak_report
from ml.naming import NameIndex
from ml.records import BadInput, Part
from ml.splits.lists import read_list
from ml.splits.spans import Span, read_spans
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
    folds = _folds(options)
    clips = {name for fold in folds for name in fold}
    report = leak_report(folds, _groups(options, clips), spans=_spans(options, clips))
    print(json.dumps(asdict(report), indent=1) if options.json else _text_of(report))
    return int(report.has_leaks)


def _text_of(report: LeakReport) -> str:
    lines = [f"{each.level:<9}{each.text}" for each in report.findings]
    return "\n".join(lines) or "The parts share nothing that is known."


def _folds(options: argparse.Namespace) -> Sequence[Fold]:
    parts: dict[Part, list[Path]] = {
        "train": options.train, "validation": options.validation, "test": options.test,
    }  # fmt: skip
    if any(parts.values()) == bool(options.folds):
        raise BadInput("give either --folds, or lists with --train, --validation and --test")
    if options.folds:
        named = [_parts_in(path) for path in options.folds]
    else:
        lists = [(part, path) for part, paths in parts.items() for path in paths]
        named = [[(name, part) for part, path in lists for name, _part in _read(path)]]
    clips = _clips(name for pairs in named for name, _part in pairs)
    return [_fold(pairs, clips) for pairs in named]


def _read(path: Path) -> list[tuple[str, Part | None]]:
    """Names with their folders, and the part of each where the list says it."""
    entries = read_list(path.read_bytes(), path.name).entries
    return [(entry.path, entry.part) for entry in entries]


def _parts_in(path: Path) -> list[tuple[str, Part]]:
    given = _read(path)
    known = [(name, part) for name, part in given if part]
    if len(known) < len(given):
        raise BadInput(f"{path.name} does not say which part its videos are in")
    return known


def _fold(named: Sequence[tuple[str, Part]], clips: Mapping[str, str]) -> Fold:
    fold: dict[str, Part] = {}
    for name, part in named:
        if fold.setdefault(clips[name], part) != part:
            raise BadInput(f"{clips[name]} is in {fold[clips[name]]} and in {part}")
    return fold


def _clips(names: Iterable[str]) -> dict[str, str]:
    """The clip that each name means: lists may name the folders of a clip, or fewer of them.

    `a/01` and `b/01` are two clips, and `01` beside them may be either.
    """
    meant: dict[str, str] = {}
    by_depth = sorted(dict.fromkeys(names), key=lambda name: -name.count("/"))
    for _depth, alike in groupby(by_depth, key=lambda name: name.count("/")):
        index = NameIndex(dict.fromkeys(meant.values()), name=str)
        for name in alike:
            match = index.match(name)
            if match.others:
                raise BadInput(f"{name}: {index.why_not(name)}")
            meant[name] = match.item or name
    return meant


def _groups(options: argparse.Namespace, clips: Iterable[str]) -> dict[str, dict[str, str]]:
    """{kind: {clip: group}}, clips called as in the lists. Other names have no say."""
    if options.groups is None:
        return {}
    columns = {"source": options.group_column} if options.group_column else COLUMNS
    given = read_groups(options.groups.read_bytes(), options.groups.name, columns)
    pattern = _pattern(options.group_pattern)
    index = NameIndex(clips, name=str)
    found: dict[str, dict[str, str]] = {kind: {} for kind in columns}
    for name, groups in given.items():
        match = index.match(name)
        if match.others:
            raise BadInput(f"{options.groups.name}: {name}: {index.why_not(name)}")
        for kind, group in groups.items():
            if match.item and found[kind].setdefault(match.item, group) != group:
                raise BadInput(f"{options.groups.name} gives {match.item} two different groups")
    return {
        kind: {clip: _named(group, pattern) for clip, group in by_clip.items()}
        for kind, by_clip in found.items()
        if by_clip
    }


def _spans(options: argparse.Namespace, clips: Iterable[str]) -> dict[str, Span]:
    """When clips were cut out of their source, where the table of groups says so."""
    if options.groups is None:
        return {}
    spans, _findings = read_spans(options.groups.read_bytes(), options.groups.name)
    index = NameIndex(clips, name=str)
    found = {index.match(name).item: span for name, span in spans.items()}
    return {clip: span for clip, span in found.items() if clip is not None}


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
