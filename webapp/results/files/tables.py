"""Tables as files: all digits for programs, three for papers, text made harmless.

Every file says how its numbers were made: CSV in columns of each row, JSON in `about`,
Markdown and LaTeX in a footnote.
"""

from __future__ import annotations

import csv
import json
import math
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.text import slugify

from ml.evaluation import EVALUATOR_VERSION
from webapp.results.models import Protocol
from webapp.results.spreadsheets import guarded

LATEX = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_",
    "{": r"\{", "}": r"\}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
    "<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}",
    "–": "--", "±": r"$\pm$",
    # At the beginning of a row these would belong to the end of the row above.
    "[": "{[}", "]": "{]}", "*": "{*}",
}  # fmt: skip
MARKDOWN = frozenset("\\`*_[]<>|~$&!#")
Emphasis = Literal["", "best", "second"]
Row = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Mark:
    """A sign behind a text, told below the table."""

    markdown: str
    latex: str
    meaning: str


MARKS = {
    "reported": Mark(markdown="†", latex=r"$^\dagger$", meaning="as reported by the paper"),
    "on_test": Mark(markdown="‡", latex=r"$^\ddagger$", meaning="selected on test"),
    "differs": Mark(
        markdown="§",
        latex=r"$^\S$",
        meaning="differs from the first row: the paired 95 % interval leaves out 0",
    ),
    "other_data": Mark(
        markdown="¶",
        latex=r"$^\P$",
        meaning="other split or ground truth than the first row, cannot be compared with it",
    ),
}


@dataclass(frozen=True, kw_only=True)
class Printed:
    """A cell of a table for a paper."""

    text: str
    emphasis: Emphasis = ""
    marks: tuple[str, ...] = ()  # keys of MARKS


@dataclass(frozen=True, kw_only=True)
class Table:
    """`rows` for programs, with a value for each of `columns`; `lines` for papers.

    Both give an iterator each time they are called, so that a long table is never held.
    """

    title: str
    about: dict[str, Any]
    columns: tuple[str, ...]
    rows: Callable[[], Iterator[Row]]
    head: tuple[str, ...]
    alignment: str  # of the columns of `head`, as LaTeX writes it
    lines: Callable[[], Iterator[list[Printed]]]
    marks: tuple[str, ...] = ("on_test",)  # those that are told below
    notes: list[str] = field(default_factory=list)
    is_streamed: bool = False


def answer(table: Table, *, name: str, format: str) -> HttpResponseBase:
    """The table as a file called `name`. Raise Http404 where no such format is known."""
    if format not in FORMATS:
        raise Http404(f"no such format: {format}")
    content_type, write = FORMATS[format]
    respond = StreamingHttpResponse if table.is_streamed else HttpResponse
    return respond(
        write(table),
        content_type=f"{content_type}; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{slugify(name)}.{format}"'},
    )


def about(protocol: Protocol) -> dict[str, Any]:
    """How the numbers of a table were made."""
    return {
        "protocol": protocol.slug,
        "protocol_version": protocol.version,
        "evaluator_version": EVALUATOR_VERSION,
        "date": timezone.now().date().isoformat(),
    }


def number(value: float | None, emphasis: Emphasis = "", marks: tuple[str, ...] = ()) -> Printed:
    """Three decimals; what is missing or undefined is a dash."""
    if value is None or not math.isfinite(value):
        return Printed(text="–", marks=marks)
    return Printed(text=f"{value:.3f}", emphasis=emphasis, marks=marks)


def interval(ends: Iterable[float | None] | None) -> Printed:
    known = [each for each in ends or () if each is not None]
    return Printed(text="–".join(f"{each:.3f}" for each in known) or "–")


def to_csv(table: Table) -> Iterator[str]:
    writer = csv.writer(_Echo())
    yield writer.writerow(table.columns)
    for row in table.rows():
        yield writer.writerow([harmless(row.get(name)) for name in table.columns])


def to_json(table: Table) -> Iterator[str]:
    yield f'{{"about": {json.dumps(table.about)},\n"rows": ['
    comma = ""
    for row in table.rows():
        yield f"{comma}\n{json.dumps({name: _finite(row.get(name)) for name in table.columns})}"
        comma = ","
    yield "\n]}\n"


def to_markdown(table: Table) -> Iterator[str]:
    yield _markdown_row(markdown(each) for each in table.head)
    yield _markdown_row("---:" if each == "r" else "---" for each in table.alignment)
    for line in table.lines():
        yield _markdown_row(_in_markdown(cell) for cell in line)
    legend = [f"{MARKS[name].markdown}: {MARKS[name].meaning}." for name in table.marks]
    notes = [f"{markdown(each)}." for each in [*_made(table), *table.notes]]
    yield "\n" + " ".join([*notes, *legend]) + "\n"


def to_latex(table: Table) -> Iterator[str]:
    yield rf"\begin{{tabular}}{{{table.alignment}}}" + "\n\\hline\n"
    yield _latex_row(latex(each) for each in table.head) + "\\hline\n"
    for line in table.lines():
        yield _latex_row(_in_latex(cell) for cell in line)
    legend = [f"{MARKS[name].latex}: {latex(MARKS[name].meaning)}." for name in table.marks]
    notes = [f"{latex(each)}." for each in [*_made(table), *table.notes]]
    yield "\\hline\n\\end{tabular}\n\n{\\footnotesize " + " ".join([*notes, *legend]) + "\\par}\n"


def latex(text: Any) -> str:
    """Safe in LaTeX: its special characters, and line breaks, are only text."""
    return "".join(LATEX.get(char, char) for char in one_line(text))


def markdown(text: Any) -> str:
    """Safe in Markdown: no markup, no link, no HTML, no further column."""
    return "".join(f"\\{char}" if char in MARKDOWN else char for char in one_line(text))


def harmless(value: Any) -> Any:
    """Numbers as they are; text that a spreadsheet would run gets an apostrophe before it."""
    return guarded(value) if isinstance(value, str) else _finite(value)


def one_line(text: Any) -> str:
    """Without line breaks and without characters that cannot be seen."""
    seen = [char if _is_seen(char) else " " for char in str("" if text is None else text)]
    return " ".join("".join(seen).split())


def _is_seen(char: str) -> bool:
    return not unicodedata.category(char).startswith(("C", "Zl", "Zp"))


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _made(table: Table) -> list[str]:
    known = table.about
    made = (
        f"protocol {known['protocol']} v{known['protocol_version']}, evaluator "
        f"v{known['evaluator_version']}, {known['date']}"
    )
    return [f"{table.title}, {made}"]


def _markdown_row(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cells) + " |\n"


def _latex_row(cells: Iterable[str]) -> str:
    return " & ".join(cells) + " \\\\\n"


def _in_markdown(cell: Printed) -> str:
    around = {"best": "**{}**", "second": "<u>{}</u>", "": "{}"}[cell.emphasis]
    marks = "".join(MARKS[name].markdown for name in cell.marks)
    return around.format(markdown(cell.text)) + marks


def _in_latex(cell: Printed) -> str:
    around = {"best": r"\textbf{", "second": r"\underline{", "": ""}[cell.emphasis]
    marks = "".join(MARKS[name].latex for name in cell.marks)
    return around + latex(cell.text) + ("}" if around else "") + marks


class _Echo:
    """A file for the CSV writer, which gives back what is written to it."""

    def write(self, text: str) -> str:
        return text


FORMATS: dict[str, tuple[str, Callable[[Table], Iterator[str]]]] = {
    "csv": ("text/csv", to_csv),
    "json": ("application/json", to_json),
    "md": ("text/markdown", to_markdown),
    "tex": ("text/x-tex", to_latex),
}
