"""Leaderboards: who may be ranked with whom, and the files that are made of them."""

import csv
import io
import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from django.test import Client

from ml.evaluation import EVALUATOR_VERSION
from ml.records import Scores
from tests.evaluating import evaluate
from tests.factories.results import float32, labelled_run, save_by_name
from tests.factories.runs import RunFactory
from webapp.accounts.models import Team
from webapp.results.protocols.presets import ensure_protocols
from webapp.results.studies import rank_groups
from webapp.results.studies.leaderboards import Leaderboard
from webapp.results.studies.reported import REPORTED
from webapp.runs.models import Run

pytestmark = pytest.mark.django_db

N_FRAMES = 40
RNG = np.random.default_rng(0)
LABELS = {f"v{i}": (np.arange(N_FRAMES) > 20 + i).astype(int).tolist() for i in range(12)}
NOISE = {name: RNG.normal(size=N_FRAMES) for name in LABELS}


@pytest.fixture
def template(team: Team) -> Run:
    return labelled_run(LABELS, team=team, current_job__ended=True)


@pytest.fixture
def enter(template: Run) -> Callable[..., Run]:
    """A run on the same data; `strength` is how well it tells the frames apart, noise aside."""

    def run(name: str, strength: float, *, luck: int = 1, **facts: object) -> Run:
        entered = RunFactory.create(
            team=template.team,
            name=name,
            dataset=template.dataset,
            split=template.split,
            annotation_set=template.annotation_set,
            current_job__ended=True,
            **facts,
        )
        scores = {
            video: Scores(
                values=(luck * NOISE[video] + strength * np.array(labels)).astype(np.float32)
            )
            for video, labels in LABELS.items()
        }
        evaluate(save_by_name(entered, scores), ensure_protocols()[0])
        return entered

    return run


def board_of(run: Run) -> Leaderboard:
    return Leaderboard(run.dataset, ensure_protocols()[0])


def test_runs_are_ranked_in_groups(template: Run, enter: Callable[..., Run]) -> None:
    enter("good", 3.0)
    enter("as good", 2.9, luck=-1)
    enter("poor", 0.2)

    entries = board_of(template).boards[0].entries

    assert [entry.rank for entry in entries] == [1, 2, 3]
    assert {entry.run.name for entry in entries[:2]} == {"good", "as good"}
    assert [entry.group for entry in entries] == [1, 1, 2]


def test_groups_are_measured_by_their_best(monkeypatch: pytest.MonkeyPatch) -> None:
    """B is clearly worse than A, C is clearly worse than neither: C belongs to A's group."""
    monkeypatch.setattr(
        rank_groups, "is_clear", lambda first, second, name: (first, second) == ("A", "B")
    )

    assert rank_groups.rank_groups(["A", "B", "C"], "auroc") == [1, 2, 1]  # type: ignore[list-item]


def test_other_splits_have_a_board_of_their_own(
    template: Run, enter: Callable[..., Run], team: Team
) -> None:
    enter("here", 1.0)
    other = labelled_run(
        {"x": [0, 1]}, team=team, dataset=template.dataset, current_job__ended=True
    )
    evaluate(save_by_name(other, {"x": float32(0, 1)}), ensure_protocols()[0])

    boards = board_of(template).boards

    assert len(boards) == 2
    assert [len(board.entries) for board in boards] == [1, 1]


def test_seeds_of_one_configuration_are_averaged(template: Run, enter: Callable[..., Run]) -> None:
    values = [
        run.score_set.evaluations.get().metrics["auroc"]
        for run in (enter("a", 1.0, seed=1), enter("b", 1.5, seed=2))
    ]
    enter("other", 1.0, config={"epochs": 3})

    (seeds,) = board_of(template).boards[0].seeds

    assert seeds.n == 2
    assert seeds.mean == pytest.approx(np.mean(values))
    assert seeds.deviation == pytest.approx(np.std(values, ddof=1))


def test_claims_of_papers_have_no_rank(
    as_bob: Client, template: Run, enter: Callable[..., Run]
) -> None:
    enter("ours", 1.0)
    address = f"/leaderboards/{template.dataset_id}"
    assert "RTFM" not in as_bob.get(address).content.decode()

    as_bob.post(f"{address}/benchmark", {"benchmark": "ucf-crime"})

    page = as_bob.get(address).content.decode()
    assert "Reported in papers" in page
    rows = json.loads(as_bob.get(f"{address}/export.json").content)["rows"]
    claims = [row for row in rows if row["is_reported"]]
    assert len(claims) == len(REPORTED["ucf-crime"])
    assert {row["rank"] for row in claims} == {None}
    assert {row["supervision"] for row in claims} == {"weak", "none"}


def test_claims_stand_under_their_own_protocol_only(
    as_bob: Client, template: Run, enter: Callable[..., Run]
) -> None:
    enter("ours", 1.0)
    address = f"/leaderboards/{template.dataset_id}"
    as_bob.post(f"{address}/benchmark", {"benchmark": "xd-violence"})

    here = as_bob.get(address)
    by_precision = as_bob.get(address, {"protocol": "frame-ap"})

    assert here.context["board"].reported == []
    assert [each.slug for each in here.context["reported_elsewhere"]] == ["frame-ap"]
    assert by_precision.context["board"].reported == sorted(
        REPORTED["xd-violence"], key=lambda claim: -claim.value
    )
    assert "prints the trapezoid PR-AUC as AP" in by_precision.content.decode()


def test_every_claim_names_a_protocol_that_exists() -> None:
    known = {protocol.slug for protocol in ensure_protocols()}

    assert {claim.protocol for claims in REPORTED.values() for claim in claims} <= known
    assert all(0 < claim.value < 1 for claims in REPORTED.values() for claim in claims)


def test_figure_has_our_runs_and_the_claims_apart(
    as_bob: Client, template: Run, enter: Callable[..., Run]
) -> None:
    enter("ours", 1.0)
    address = f"/leaderboards/{template.dataset_id}"
    as_bob.post(f"{address}/benchmark", {"benchmark": "ucf-crime"})

    [(_board, figure, _compared)] = as_bob.get(address).context["boards"]

    assert [trace["name"] for trace in figure["data"]] == ["1 · ours", "reported"]
    assert len(figure["data"][1]["x"]) == len(REPORTED["ucf-crime"])


def test_a_benchmark_that_nobody_knows_is_refused(as_bob: Client, template: Run) -> None:
    response = as_bob.post(
        f"/leaderboards/{template.dataset_id}/benchmark", {"benchmark": "imagenet"}
    )

    assert response.status_code == 422


def test_exports_keep_every_digit_and_the_mark(
    as_vera: Client, template: Run, enter: Callable[..., Run]
) -> None:
    run = enter("=HYPERLINK(1)", 1.0)
    Run.objects.filter(pk=run.pk).update(selection="test")
    address = f"/leaderboards/{template.dataset_id}/export"

    (row,) = csv.DictReader(io.StringIO(as_vera.get(f"{address}.csv").content.decode()))

    assert row["name"] == "'=HYPERLINK(1)"
    assert row["selected_on_test"] == "True"
    assert float(row["value"]) == run.score_set.evaluations.get().metrics["auroc"]
    assert "‡" in as_vera.get(f"{address}.md").content.decode()
    assert r"\ddagger" in as_vera.get(f"{address}.tex").content.decode()


def test_files_say_how_their_numbers_were_made(
    as_vera: Client, template: Run, enter: Callable[..., Run]
) -> None:
    enter("ours", 1.0)
    address = f"/leaderboards/{template.dataset_id}/export"

    about = json.loads(as_vera.get(f"{address}.json").content)["about"]
    assert (about["protocol"], about["metric"]) == ("frame-raw", "auroc")
    for ending in ("md", "tex"):
        assert (
            f"protocol frame-raw v2, evaluator v{EVALUATOR_VERSION}"
            in as_vera.get(f"{address}.{ending}").content.decode()
        )


def test_the_best_is_bold_and_the_second_underlined(
    as_vera: Client, template: Run, enter: Callable[..., Run]
) -> None:
    enter("good", 3.0)
    enter("poor", 0.2)

    table = as_vera.get(f"/leaderboards/{template.dataset_id}/export.tex").content.decode()

    _head, first, second = (line for line in table.splitlines() if line.endswith(r"\\"))
    assert r"\textbf{" in first
    assert r"\underline{" in second


def test_list_names_datasets_with_scored_runs(
    as_vera: Client, template: Run, enter: Callable[..., Run]
) -> None:
    assert not as_vera.get("/leaderboards").context["lines"]

    enter("ours", 1.0)

    (line,) = as_vera.get("/leaderboards").context["lines"]
    assert line.dataset == template.dataset


def test_list_shows_the_best_of_the_newest_board(
    as_vera: Client, template: Run, enter: Callable[..., Run], team: Team
) -> None:
    enter("poor", 0.2)
    best = enter("good", 3.0, selection="test")
    older = labelled_run(
        {"x": [0, 1]},
        team=team,
        dataset=template.dataset,
        annotation_set__version=0,
        current_job__ended=True,
    )
    evaluate(save_by_name(older, {"x": float32(0, 1)}), ensure_protocols()[0])

    response = as_vera.get("/leaderboards")

    (line,) = response.context["lines"]
    cells = {protocol.slug: cell for protocol, cell in line.cells}
    board = Leaderboard(template.dataset, ensure_protocols()[0]).boards[0]
    assert cells["frame-raw"].run_id == board.entries[0].run.pk == best.pk
    assert cells["frame-raw"].value == pytest.approx(board.entries[0].value)
    assert cells["frame-raw"].n_runs == len(board.entries) == 2
    assert cells["frame-macro"] is None
    assert "selected on test" in response.content.decode()


def test_list_asks_the_database_once_for_each_protocol(
    as_vera: Client,
    template: Run,
    enter: Callable[..., Run],
    team: Team,
    django_assert_max_num_queries: Any,
) -> None:
    enter("ours", 1.0)
    other = labelled_run({"x": [0, 1]}, team=team, current_job__ended=True)
    evaluate(save_by_name(other, {"x": float32(0, 1)}), ensure_protocols()[0])

    with django_assert_max_num_queries(12 + len(ensure_protocols())):
        assert len(as_vera.get("/leaderboards").context["lines"]) == 2


def test_an_unknown_format_is_404(as_vera: Client, template: Run) -> None:
    assert as_vera.get(f"/leaderboards/{template.dataset_id}/export.xls").status_code == 404
