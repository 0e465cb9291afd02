"""Leaderboards as files: all digits for programs, three for papers, text made harmless."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from typing import Any

from django.utils import timezone

from ml.evaluation import EVALUATOR_VERSION
from webapp.results.leaderboards import Leaderboard

# What a spreadsheet would take for a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r")
LATEX = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_",
    "{": r"\{", "}": r"\}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
}  # fmt: skip
COLUMNS = (
    "rank", "group", "name", "method", "features", "supervision", "seed", "value", "lower",
    "upper", "selection", "selected_on_test", "is_reported", "source", "split", "ground_truth",
    "run", "score_hash", "annotation_hash",
)  # fmt: skip


def rows_of(board: Leaderboard) -> list[dict[str, Any]]:
    """Our runs, then the claims of papers, which have no rank."""
    ours = [
        {
            "rank": entry.rank,
            "group": entry.group,
            "name": entry.run.name,
            "method": entry.run.method_name,
            "features": entry.run.features,
            "supervision": entry.run.supervision or _supervision(entry.run),
            "seed": entry.run.seed,
            "value": entry.value,
            "lower": entry.interval[0] if entry.interval else None,
            "upper": entry.interval[1] if entry.interval else None,
            "selection": entry.run.selection,
            "selected_on_test": entry.run.is_selected_on_test,
            "is_reported": False,
            "source": "",
            "split": str(each.split),
            "ground_truth": each.annotation_set.version,
            "run": entry.run.pk,
            "score_hash": entry.evaluation.score_hash,
            "annotation_hash": entry.evaluation.annotation_hash,
        }
        for each in board.boards
        for entry in each.entries
    ]
    return ours + [_claim(board, claim) for claim in board.reported]


def _claim(board: Leaderboard, claim: Any) -> dict[str, Any]:
    known = {
        "name": claim.method,
        "method": claim.method,
        "features": claim.features,
        "supervision": claim.supervision,
        "value": claim.value,
        "is_reported": True,
        "source": claim.source,
    }
    return dict.fromkeys(COLUMNS) | known


def _supervision(run: Any) -> str:
    return run.method.supervision if run.method else ""


def to_json(board: Leaderboard) -> str:
    return json.dumps({"about": _about(board), "rows": rows_of(board)}, indent=1)


def to_csv(board: Leaderboard) -> str:
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(COLUMNS)
    for row in rows_of(board):
        writer.writerow([harmless(row[name]) for name in COLUMNS])
    return file.getvalue()


def to_markdown(board: Leaderboard) -> str:
    lines = ["| # | run | method | features | " + board.metric.title + " | 95 % |"]
    lines.append("|---|---|---|---|---|---|")
    for row, marked in zip(rows_of(board), _marks(board, "**{}**", "<u>{}</u>"), strict=True):
        name = f"{row['name']}{_dagger(row, '†', '‡')}"
        cells = (row["rank"] or "", name, row["method"], row["features"] or "")
        texts = [str(cell).replace("|", "\\|").replace("\n", " ") for cell in cells]
        lines.append("| " + " | ".join([*texts, marked, _interval(row, "–")]) + " |")
    return "\n".join([*lines, "", _footnote(board, "†", "‡"), ""])


def to_latex(board: Leaderboard) -> str:
    lines = [r"\begin{tabular}{rlllrl}", r"\hline"]
    lines.append(rf"\# & run & method & features & {latex(board.metric.title)} & 95\,\% \\ \hline")
    marks = _marks(board, r"\textbf{{{}}}", r"\underline{{{}}}")
    for row, marked in zip(rows_of(board), marks, strict=True):
        name = latex(row["name"]) + _dagger(row, r"$^\dagger$", r"$^\ddagger$")
        cells = [str(row["rank"] or ""), name, latex(row["method"]), latex(row["features"])]
        lines.append(" & ".join([*cells, marked, _interval(row, "--")]) + r" \\")
    lines += [r"\hline", r"\end{tabular}", ""]
    name = board.dataset.name
    marks_told = _footnote(board, r"$^\dagger$", r"$^\ddagger$").removeprefix(name)
    return "\n".join([*lines, r"\footnotesize " + latex(name) + marks_told, ""])


def latex(text: Any) -> str:
    """Safe in LaTeX: its special characters, and line breaks, are only text."""
    escaped = "".join(LATEX.get(char, char) for char in str(text or ""))
    return " ".join(escaped.split())


def harmless(value: Any) -> Any:
    """Numbers as they are; text that a spreadsheet would run gets an apostrophe before it."""
    if isinstance(value, str) and value.startswith(FORMULA):
        return "'" + value
    return value


def _marks(board: Leaderboard, best: str, second: str) -> list[str]:
    """Three digits; of each board of ours the best and the second stand out."""
    return [
        {1: best, 2: second}.get(row["rank"], "{}").format(f"{row['value']:.3f}")
        for row in rows_of(board)
    ]


def _interval(row: dict[str, Any], dash: str) -> str:
    return "" if row["lower"] is None else f"{row['lower']:.3f}{dash}{row['upper']:.3f}"


def _dagger(row: dict[str, Any], reported: str, on_test: str) -> str:
    return (reported if row["is_reported"] else "") + (on_test if row["selected_on_test"] else "")


def _about(board: Leaderboard) -> dict[str, Any]:
    return {
        "dataset": board.dataset.name,
        "dataset_hash": board.dataset.content_hash,
        "protocol": board.protocol.slug,
        "protocol_version": board.protocol.version,
        "metric": board.metric_name,
        "evaluator_version": EVALUATOR_VERSION,
        "date": timezone.now().date().isoformat(),
    }


def _footnote(board: Leaderboard, reported: str, on_test: str) -> str:
    about = _about(board)
    return (
        f"{about['dataset']}, protocol {about['protocol']} v{about['protocol_version']}, evaluator "
        f"v{about['evaluator_version']}, {about['date']}. {reported}: as reported by the paper. "
        f"{on_test}: selected on test."
    ).replace("\n", " ")


FORMATS: dict[str, tuple[str, Callable[[Leaderboard], str]]] = {
    "csv": ("text/csv", to_csv),
    "json": ("application/json", to_json),
    "md": ("text/markdown", to_markdown),
    "tex": ("text/x-tex", to_latex),
}
