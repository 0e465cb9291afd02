"""A sweep as a table: numbers over seeds and folds, intervals, differences, what is best."""

import csv
import io
import json
from copy import deepcopy
from statistics import mean, stdev
from typing import Any

import pytest
from django.test import Client

from tests.evaluating import evaluate
from tests.factories.datasets import IntervalFactory, SplitFactory, SplitMemberFactory, VideoFactory
from tests.factories.results import float32
from tests.factories.runs import SCHEMA, MethodFactory, TrainableSplitFactory
from webapp.accounts.models import Team, User
from webapp.common.schema import with_order
from webapp.datasets.models import Part, Split
from webapp.jobs.models import Job
from webapp.results.files.sweep import sweep_table
from webapp.results.files.tables import FORMATS
from webapp.results.models import Evaluation
from webapp.results.protocols.choice import protocol_of
from webapp.results.scores.storing import save_scores
from webapp.results.studies.sweep_table import SweepCell, SweepTable
from webapp.runs.models import Run, Sweep
from webapp.runs.sweeps import submit_sweep

N_VIDEOS = 6
GOOD, FAIR, BAD = 0.9, 0.5, -0.5  # how much of the truth is in the scores


@pytest.fixture
def split(team: Team) -> Split:
    """Six test videos of eight frames, the last four frames of each abnormal."""
    split = TrainableSplitFactory.create(dataset__team=team, dataset__name="Ped2")
    split.members.filter(part=Part.TEST).delete()
    fill(split)
    return split


def fill(split: Split) -> None:
    for _ in range(N_VIDEOS):
        video = VideoFactory.create(dataset=split.dataset, n_frames=8)
        SplitMemberFactory.create(split=split, video=video, part=Part.TEST)
        truth = split.dataset.ground_truth
        IntervalFactory.create(annotation_set=truth, video=video, start_frame=4, end_frame=8)


def submit(split: Split, by: User, **changes: Any) -> Sweep:
    answers: dict[str, Any] = {
        "team": split.dataset.team,
        "dataset": split.dataset,
        "split": split,
        "method": MethodFactory.create(schema=with_order(SCHEMA)),
        "config": {},
        "grid": {"epochs": [3, 5]},
        "title": "Length",
        "by": by,
    }
    return submit_sweep(**answers | changes)


def score(run: Run, truth: float) -> Evaluation:
    """As a run that has ended; noise depends on the seed and differs from video to video."""
    members = run.split.members.filter(part=Part.TEST).order_by("video_id")
    scores = {
        member.video_id: float32(
            *(
                truth * (frame >= 4) + ((7 * frame + 3 * place + 5 * run.seed) % 11) / 11
                for frame in range(8)
            )
        )
        for place, member in enumerate(members)
    }
    score_set = save_scores(run=run, job=run.current_job, scores=scores, rule="all")
    return evaluate(score_set, protocol_of("frame-raw", run.team))


def score_all(sweep: Sweep, *truths: float) -> list[Evaluation]:
    """By row."""
    runs = sweep.runs.order_by("sweep_row", "split__fold", "seed")
    return [score(run, truths[run.sweep_row or 0]) for run in runs]


def table(sweep: Sweep, protocol: str = "frame-raw") -> SweepTable:
    fresh = Sweep.objects.for_list().get(pk=sweep.pk)
    return SweepTable(fresh, protocol_of(protocol, fresh.team))


def leading(sweep: Sweep) -> list[SweepCell]:
    cells = [row.leading for row in table(sweep).rows]
    assert all(cells)
    return [cell for cell in cells if cell]


def test_only_what_varies_is_a_column(split: Split, bob: User) -> None:
    found = table(
        submit(split, bob, config={"norm": "none"}, grid={"epochs": [3, 5], "is_grey": [True]})
    )

    assert (found.fields, found.labels) == (["epochs"], ["Epochs"])
    assert [row.values for row in found.rows] == [["3"], ["5"]]
    assert not found.has_titles


def test_variants_have_titles(split: Split, bob: User) -> None:
    off = {"title": "no norm", "config": {"norm": "none"}}
    found = table(submit(split, bob, variants=[{"title": "plain", "config": {}}, off]))

    assert [(row.title, *row.values) for row in found.rows] == [
        ("plain", "3", "batch"),
        ("plain", "5", "batch"),
        ("no norm", "3", "none"),
        ("no norm", "5", "none"),
    ]


def test_one_seed_has_the_interval_of_its_evaluation(split: Split, bob: User) -> None:
    sweep = submit(split, bob)
    first, second = score_all(sweep, GOOD, FAIR)

    cells = leading(sweep)

    assert [cell.value for cell in cells] == [first.metrics["auroc"], second.metrics["auroc"]]
    assert cells[0].interval == first.intervals["auroc"]
    assert cells[0].spread is None


def test_seeds_have_mean_deviation_and_n(split: Split, bob: User) -> None:
    sweep = submit(split, bob, seeds=[0, 1, 2])
    values = [each.metrics["auroc"] for each in score_all(sweep, FAIR, BAD)]

    cell = leading(sweep)[0]

    assert cell.spread is not None
    assert (cell.value, cell.spread.n) == (pytest.approx(mean(values[:3])), 3)
    assert cell.spread.deviation == pytest.approx(stdev(values[:3])) != 0
    assert cell.interval is None


@pytest.fixture
def folds(split: Split) -> Split:
    """The first of two folds."""
    Split.objects.filter(pk=split.pk).update(fold=1)
    second = SplitFactory.create(
        dataset=split.dataset, name=split.name, version=split.version, fold=2
    )
    for member in split.members.filter(part=Part.TRAIN):
        SplitMemberFactory.create(split=second, video=member.video, part=Part.TRAIN)
    fill(second)
    split.refresh_from_db()
    return split


def test_folds_of_one_seed_have_mean_and_deviation(folds: Split, bob: User) -> None:
    sweep = submit(folds, bob, folds=[1, 2], seeds=[1])
    values = [each.metrics["auroc"] for each in score_all(sweep, FAIR, BAD)]

    cell = leading(sweep)[0]

    assert table(sweep).over == "folds"
    assert cell.spread is not None
    assert (cell.value, cell.spread.n) == (pytest.approx(mean(values[:2])), 2)
    assert leading(sweep)[1].difference is None  # other videos in each fold


def test_folds_of_several_seeds_are_averaged_first(folds: Split, bob: User) -> None:
    sweep = submit(folds, bob, folds=[1, 2], seeds=[1, 2])
    score_all(sweep, FAIR, BAD)
    by_seed = [
        mean(
            Evaluation.objects.get(score_set__run=run, protocol__slug="frame-raw").metrics["auroc"]
            for run in sweep.runs.filter(sweep_row=0, seed=seed)
        )
        for seed in (1, 2)
    ]

    cell = leading(sweep)[0]

    assert cell.spread is not None
    assert (cell.value, cell.spread.n) == (pytest.approx(mean(by_seed)), 2)
    assert cell.spread.deviation == pytest.approx(stdev(by_seed))


def test_a_seed_without_all_of_its_folds_does_not_count(folds: Split, bob: User) -> None:
    sweep = submit(folds, bob, folds=[1, 2], seeds=[1, 2])
    for run in sweep.runs.filter(sweep_row=0).exclude(seed=2, split=folds):
        score(run, FAIR)

    row = table(sweep).rows[0]

    assert row.leading is not None
    assert row.leading.spread is not None
    assert (row.leading.spread.n, row.leading.spread.deviation) == (1, None)
    assert not row.is_complete


def test_the_best_of_the_complete_rows(split: Split, bob: User) -> None:
    sweep = submit(split, bob, grid={"epochs": [3, 5, 7, 9]})
    runs = sweep.runs.order_by("sweep_row")
    for run, truth in zip(runs, [FAIR, GOOD, BAD], strict=False):
        score(run, truth)

    rows = table(sweep).rows

    assert [row.leading.is_best for row in rows if row.leading] == [False, True, False, False]
    assert [row.leading.is_second for row in rows if row.leading] == [True, False, False, False]
    assert [row.is_complete for row in rows] == [True, True, True, False]


def test_an_incomplete_row_is_not_the_best(split: Split, bob: User) -> None:
    sweep = submit(split, bob, grid={"epochs": [3, 5, 7]}, seeds=[0, 1])
    for run in sweep.runs.exclude(sweep_row=1, seed=1):
        score(run, [FAIR, GOOD, BAD][run.sweep_row or 0])

    best = table(sweep).best

    assert best is not None
    assert best.number == 0


def test_a_single_number_is_not_the_best(split: Split, bob: User) -> None:
    sweep = submit(split, bob)
    score(sweep.runs.order_by("sweep_row")[0], GOOD)

    assert table(sweep).best is None


def test_lower_is_better_for_an_error(split: Split, bob: User) -> None:
    sweep = submit(split, bob)
    score_all(sweep, FAIR, GOOD)

    cells = [row.cells["equal_error_rate"] for row in table(sweep).rows]

    assert [cell.is_best for cell in cells] == [False, True]


def test_difference_to_the_first_row_is_that_of_the_comparison_page(
    split: Split, bob: User, as_bob: Client
) -> None:
    sweep = submit(split, bob)
    score_all(sweep, GOOD, BAD)
    first, second = sweep.runs.order_by("sweep_row")

    found = leading(sweep)[1].difference

    page = as_bob.get(f"/compare?run={first.pk}&run={second.pk}")
    assert found == page.context["comparison"].rows[0].cells[1].difference
    assert leading(sweep)[0].difference is None
    assert leading(sweep)[1].is_clear


def test_difference_over_seeds_is_between_the_means(split: Split, bob: User) -> None:
    sweep = submit(split, bob, seeds=[0, 1])
    score_all(sweep, GOOD, BAD)

    first, second = leading(sweep)

    assert second.difference is not None
    assert first.value is not None
    assert second.value is not None
    assert second.difference.difference == pytest.approx(second.value - first.value)
    low, high = second.difference.interval
    assert low <= second.difference.difference <= high < 0


def test_no_difference_while_a_seed_is_missing(split: Split, bob: User) -> None:
    sweep = submit(split, bob, seeds=[0, 1])
    for run in sweep.runs.exclude(sweep_row=1, seed=1):
        score(run, GOOD)

    assert leading(sweep)[1].difference is None


def test_states_are_counted(split: Split, bob: User) -> None:
    sweep = submit(split, bob, grid={"epochs": [3, 5, 7, 9]})
    for run, status in zip(sweep.runs.all(), ["running", "lost", "cancelled"], strict=False):
        finished = None if status == "running" else run.created_at
        type(run.job).objects.filter(pk=run.job.pk).update(status=status, finished_at=finished)

    found = table(sweep)

    assert found.states == {"running": 1, "failed": 1, "cancelled": 1, "waiting": 1}
    assert found.is_going_on


def test_table_of_many_runs_takes_few_queries(
    split: Split, bob: User, django_assert_max_num_queries: Any
) -> None:
    sweep = submit(split, bob, grid={"epochs": list(range(1, 8))}, seeds=[0, 1])
    score_all(sweep, *[FAIR] * 7)
    fresh = table(sweep)

    with django_assert_max_num_queries(3):  # runs, numbers, means of all seeds
        assert len([row.leading for row in fresh.rows]) == 7


# Pages


def test_page_marks_the_best_as_found_on_test(split: Split, bob: User, as_vera: Client) -> None:
    sweep = submit(split, bob)
    _first, second = score_all(sweep, FAIR, GOOD)

    response = as_vera.get(f"/runs/sweeps/{sweep.pk}")

    content = response.content.decode()
    assert content.count("selected on test") == 1
    best = f"<strong>{second.metrics['auroc']:.3f}</strong>"
    assert content.index(best) < content.index("selected on test")
    assert response.context["figure"]["data"]
    assert "Cancel all" not in content
    runs = list(sweep.runs.order_by("sweep_row").values_list("pk", flat=True))
    assert f"run={runs[0]}&amp;run={runs[1]}" in content


def test_page_without_numbers(split: Split, bob: User, as_bob: Client) -> None:
    sweep = submit(split, bob, variants=[{"title": "a<b>", "config": {}}])

    content = as_bob.get(f"/runs/sweeps/{sweep.pk}").content.decode()

    assert "2 waiting" in content
    assert "Cancel all" in content
    assert "a&lt;b&gt;" in content
    assert "selected on test" not in content
    assert 'hx-trigger="every 10s"' in content


def test_page_says_which_runs_share_a_training(split: Split, bob: User, as_bob: Client) -> None:
    schema = deepcopy(SCHEMA)
    schema["properties"]["map"] = {"type": "boolean", "default": True, "group": "Scoring"}
    method = MethodFactory.create(schema=schema)
    sweep = submit(split, bob, method=method, grid={"map": [True, False]})

    content = as_bob.get(f"/runs/sweeps/{sweep.pk}").content.decode()

    assert content.count("shared training") == 1
    assert "Scores the weights of Length · map true" in content
    waits = sweep.runs.get(sweep_row=1)
    page = as_bob.get(f"/runs/{waits.pk}").content.decode()
    assert f"/runs/{waits.trained_by_id}" in page
    assert f"/runs/sweeps/{sweep.pk}" in page


def test_page_under_another_protocol(split: Split, bob: User, as_bob: Client) -> None:
    sweep = submit(split, bob)
    score_all(sweep, GOOD, FAIR)

    response = as_bob.get(f"/runs/sweeps/{sweep.pk}?protocol=frame-ap")

    assert response.context["table"].metric_name == "average_precision"
    assert as_bob.get(f"/runs/sweeps/{sweep.pk}?protocol=gone").status_code == 404


def test_page_of_another_team(split: Split, bob: User, as_charlie: Client) -> None:
    sweep = submit(split, bob)

    for address in ("", "/export.csv"):
        assert as_charlie.get(f"/runs/sweeps/{sweep.pk}{address}").status_code == 404
    assert sweep.title not in as_charlie.get("/runs/sweeps").content.decode()


def test_list_counts_runs(
    split: Split,
    bob: User,
    charlie: User,
    as_bob: Client,
    django_assert_max_num_queries: Any,
) -> None:
    waiting = submit(split, bob, title="Waiting")
    failed = waiting.runs.get(sweep_row=1).job
    Job.objects.filter(pk=failed.pk).update(status="failed", finished_at=failed.created_at)
    score_all(submit(split, bob, title="Scored"), GOOD, BAD)
    elsewhere = TrainableSplitFactory.create(dataset__team=charlie.teams.get())
    submit(elsewhere, charlie, title="Elsewhere")
    with django_assert_max_num_queries(9):
        response = as_bob.get("/runs/sweeps")

    assert [
        (each.title, each.n_runs, each.n_scored, each.n_going_on, each.n_failed)
        for each in response.context["sweeps"]
    ] == [("Scored", 2, 2, 2, 0), ("Waiting", 2, 0, 1, 1)]
    assert "Elsewhere" not in response.content.decode()


def test_empty_list_leads_to_a_new_one(as_bob: Client, as_vera: Client) -> None:
    assert "/runs/sweeps/new" in as_bob.get("/runs/sweeps").content.decode()
    assert "/runs/sweeps/new" not in as_vera.get("/runs/sweeps").content.decode()


def test_figure_names_its_rows(split: Split, bob: User, as_bob: Client) -> None:
    off = {"title": "no norm", "config": {"norm": "none"}}
    named = submit(split, bob, variants=[{"title": "plain", "config": {}}, off])
    plain = submit(split, bob, seeds=[0, 1])
    score_all(named, GOOD, GOOD, BAD, BAD)
    cells = score_all(plain, GOOD, BAD) and leading(plain)

    figure = as_bob.get(f"/runs/sweeps/{named.pk}").context["figure"]
    assert [trace["name"] for trace in figure["data"]][1:3] == [
        "2 · plain · Epochs 5",
        "3 · no norm · Epochs 3",
    ]
    figure = as_bob.get(f"/runs/sweeps/{plain.pk}").context["figure"]
    assert [trace["name"] for trace in figure["data"]] == ["1 · Epochs 3", "2 · Epochs 5"]
    assert cells[0].spread is not None
    assert figure["data"][0]["error_x"]["array"] == [pytest.approx(cells[0].spread.deviation)]


# Files


def written(sweep: Sweep, format: str) -> str:
    _type, write = FORMATS[format]
    return "".join(write(sweep_table(table(sweep))))


def test_csv_has_a_row_per_configuration_and_number(split: Split, bob: User) -> None:
    sweep = submit(split, bob, seeds=[0, 1])
    values = [each.metrics["auroc"] for each in score_all(sweep, GOOD, BAD)]

    rows = list(csv.DictReader(io.StringIO(written(sweep, "csv"))))

    [first, second] = [row for row in rows if row["metric"] == "auroc"]
    assert float(first["value"]) == pytest.approx(mean(values[:2]))
    assert (first["config.epochs"], first["n"], first["over"]) == ("3", "2", "seeds")
    assert (first["is_best"], first["selected_on_test"]) == ("True", "True")
    assert (second["is_best"], second["selected_on_test"]) == ("False", "False")
    assert float(second["difference_upper"]) < 0
    assert first["runs"].split() == [
        run.pk for run in sweep.runs.filter(sweep_row=0).order_by("seed")
    ]
    assert (first["protocol"], first["ground_truth"]) == (
        "frame-raw", str(split.dataset.ground_truth.version)
    )  # fmt: skip


def test_json_says_what_it_is_about(split: Split, bob: User) -> None:
    sweep = submit(split, bob)
    score_all(sweep, GOOD, BAD)

    found = json.loads(written(sweep, "json"))

    assert found["about"]["sweep"] == sweep.pk
    assert found["rows"][0]["config.epochs"] == 3
    assert found["rows"][0]["lower"] <= found["rows"][0]["value"] <= found["rows"][0]["upper"]


def test_files_and_page_name_the_folds_that_were_used(
    folds: Split, bob: User, as_bob: Client
) -> None:
    """The first fold only chose the version."""
    sweep, alone = submit(folds, bob, folds=[2]), submit(folds, bob)
    for each in (sweep, alone):
        score_all(each, GOOD, BAD)

    row, other = (json.loads(written(each, "json"))["rows"][0] for each in (sweep, alone))

    page = as_bob.get(f"/runs/sweeps/{sweep.pk}").content.decode()
    assert (row["split"], row["folds"]) == (f"published v{folds.version}", "2")
    assert (other["split"], "folds" in other) == (f"published v{folds.version}, fold 1", False)
    assert ("folds 2" in page, "fold 1" in page) == (True, False)


@pytest.mark.parametrize(
    ("format", "best", "mark"), [("md", "**", "‡"), ("tex", r"\textbf{", "ddagger")]
)
def test_papers_mark_the_best_as_selected_on_test(
    split: Split, bob: User, format: str, best: str, mark: str
) -> None:
    sweep = submit(split, bob, seeds=[0, 1], variants=[{"title": "a & b", "config": {}}])
    score_all(sweep, FAIR, GOOD)
    cell = leading(sweep)[1]
    assert cell.spread is not None

    lines = written(sweep, format).splitlines()

    [line] = [line for line in lines if best in line]
    assert f"{cell.value:.3f}" in line
    assert mark in line
    assert any("selected on test" in each for each in lines)
    assert any("standard deviation over n seeds" in each for each in lines)
    assert "a & b" not in "".join(lines)


def test_files_of_a_sweep_without_numbers(split: Split, bob: User, as_bob: Client) -> None:
    sweep = submit(split, bob)

    for format in FORMATS:
        answer = as_bob.get(f"/runs/sweeps/{sweep.pk}/export.{format}")
        assert answer.status_code == 200
        assert answer.getvalue()
    assert as_bob.get(f"/runs/sweeps/{sweep.pk}/export.doc").status_code == 404
