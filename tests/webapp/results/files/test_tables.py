"""Files of tables: nothing in a name can become a formula, markup or a command."""

import csv
import io
import json
import re
from collections.abc import Callable

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from tests.factories.results import labelled_run
from tests.webapp.pages.test_compare import LABELS, scored
from webapp.accounts.models import Team
from webapp.results.files.tables import LATEX, MARKDOWN, harmless, latex, markdown
from webapp.results.spreadsheets import FORMULA
from webapp.runs.models import Run

HOSTILE = (
    '=HYPERLINK("http://x")|[a](javascript:alert(1))<script>'
    "\\input{/etc/passwd}%$#_&~^{}\n[9pt]*\u202e`"
)
COMMANDS = sorted((re.escape(each) for each in LATEX.values()), key=len, reverse=True)


def download(client: Client, run: Run, ending: str) -> str:
    return client.get(f"/compare/export.{ending}", {"run": run.pk}).content.decode()


@pytest.fixture
def run(team: Team) -> Run:
    return scored(labelled_run(LABELS, team=team, name="A", current_job__ended=True), 1.0)


@pytest.fixture
def named(run: Run) -> Callable[[str], Run]:
    def rename(name: str) -> Run:
        Run.objects.filter(pk=run.pk).update(name=name)
        return run

    return rename


@given(st.text())
def test_latex_leaves_no_special_character(text: str) -> None:
    rest = re.sub("|".join(COMMANDS), "", latex(text))

    assert not set(rest) & set("\\&%$#_{}~^<>|[]*\n\r")


@given(st.text())
def test_markdown_escapes_whatever_could_be_markup(text: str) -> None:
    written = markdown(text)

    assert "\n" not in written
    assert not set(re.sub(r"\\.", "", written)) & MARKDOWN


@given(st.text())
def test_csv_has_no_formula_and_loses_nothing(text: str) -> None:
    written = harmless(text)

    assert not written.lstrip(" ").startswith(FORMULA)
    assert written.removeprefix("'") == text or written == text


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\t=1", "\r=1", "\n=1", " =1", "＝1"])
def test_text_cannot_become_a_formula(text: str) -> None:
    assert harmless(text) == "'" + text
    assert harmless(-0.5) == -0.5


def test_text_cannot_become_latex() -> None:
    assert latex("a_b & 50 % \\input{x}\n") == r"a\_b \& 50 \% \textbackslash{}input\{x\}"


@pytest.mark.django_db
@pytest.mark.parametrize("ending", ["csv", "json", "md", "tex"])
def test_comparison_with_a_hostile_name(
    as_vera: Client, named: Callable[[str], Run], ending: str
) -> None:
    run = named(HOSTILE)

    text = download(as_vera, run, ending)

    if ending == "csv":
        rows = list(csv.DictReader(io.StringIO(text)))
        assert {row["name"] for row in rows} == {"'" + HOSTILE}
    elif ending == "json":
        assert {row["name"] for row in json.loads(text)["rows"]} == {HOSTILE}
    else:
        sign = r"\input" if ending == "tex" else "<script"
        assert sign not in text.replace(f"\\{sign}", "")
        # One name stays one cell of one line.
        begin = next(line for line in text.splitlines() if "HYPERLINK" in line)
        cut = r"(?<!\\)&" if ending == "tex" else r"(?<!\\)\|"
        head = next(line for line in text.splitlines() if "features" in line)
        assert len(re.split(cut, begin)) == len(re.split(cut, head))


@pytest.mark.django_db
def test_comparison_files_keep_every_digit_and_say_how(as_vera: Client, run: Run) -> None:
    evaluation = run.score_set.evaluations.get(protocol__slug="frame-raw")

    answer = json.loads(download(as_vera, run, "json"))
    rows = {
        row["metric"]: row for row in csv.DictReader(io.StringIO(download(as_vera, run, "csv")))
    }

    assert answer["about"]["protocol"] == "frame-raw"
    assert answer["about"]["evaluator_version"] == evaluation.evaluator_version
    assert float(rows["auroc"]["value"]) == evaluation.metrics["auroc"]
    assert rows["auroc"]["annotation_hash"] == evaluation.annotation_hash
    assert rows["auroc"]["protocol"] == "frame-raw"
    for ending in ("md", "tex"):
        assert "protocol frame-raw v2" in download(as_vera, run, ending)


@pytest.mark.django_db
def test_comparison_marks_what_was_selected_on_test(as_vera: Client, run: Run) -> None:
    Run.objects.filter(pk=run.pk).update(selection="test")

    assert "A‡" in download(as_vera, run, "md")
    assert r"A$^\ddagger$" in download(as_vera, run, "tex")
    assert all(
        row["selected_on_test"] for row in json.loads(download(as_vera, run, "json"))["rows"]
    )


@pytest.mark.django_db
def test_comparison_of_nothing_and_unknown_formats(as_vera: Client, run: Run) -> None:
    assert as_vera.get("/compare/export.csv").status_code == 400
    assert as_vera.get("/compare/export.xls", {"run": run.pk}).status_code == 404
