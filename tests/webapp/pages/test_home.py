"""The first page, and the best numbers it shows."""

from datetime import timedelta
from typing import Any

from django.test import Client
from django.utils import timezone

from tests.evaluating import evaluate, evaluate_under_each
from tests.factories.datasets import DatasetFactory
from tests.factories.jobs import JobFactory
from tests.factories.results import float32, labelled_run, save_by_name
from tests.factories.runs import RunFactory
from webapp.accounts.models import Team
from webapp.datasets.models import Dataset
from webapp.results.protocols.current_evaluations import best_evaluations
from webapp.results.protocols.presets import ensure_protocols
from webapp.runs.models import Run


def scored_run(team: Team, *scores: float, **values: Any) -> Run:
    """Evaluated on one video whose last frame is abnormal."""
    run = labelled_run({values.get("name", "v"): [0, 0, 1]}, team=team, **values)
    score_set = save_by_name(run, {values.get("name", "v"): float32(*scores)})
    evaluate_under_each(score_set, ensure_protocols())
    return run


def on_dataset(team: Team) -> Dataset:
    return DatasetFactory.create(team=team)


def test_home_without_datasets_has_one_button_and_one_command(as_bob: Client) -> None:
    content = as_bob.get("/").content.decode()

    assert "Nothing here yet" in content
    assert content.count("button--primary") == 1
    assert "python -m ml demo-data" in content


def test_home_of_a_viewer_has_no_button(as_vera: Client) -> None:
    assert "button--primary" not in as_vera.get("/").content.decode()


def test_home_sorts_runs_by_how_they_stand(as_vera: Client, team: Team) -> None:
    waiting = RunFactory.create(team=team)
    failed = RunFactory.create(team=team, current_job__ended=True, current_job__status="lost")
    done = RunFactory.create(team=team, current_job__ended=True)
    RunFactory.create(team=team, current_job__ended=True, current_job__status="cancelled")

    context = as_vera.get("/").context

    assert list(context["going_on"]) == [waiting]
    assert list(context["failed"]) == [failed]
    assert [row["run"] for row in context["finished"]] == [done]


def test_home_leaves_out_what_ended_long_ago(as_vera: Client, team: Team) -> None:
    long_ago = timezone.now() - timedelta(days=8)
    RunFactory.create(team=team, current_job__ended=True, current_job__finished_at=long_ago)

    assert as_vera.get("/").context["finished"] == []


def test_home_shows_imports_under_way_and_failed(as_vera: Client, team: Team) -> None:
    states: list[dict[str, Any]] = [{}, {"ended": True, "status": "failed"}, {"ended": True}]
    jobs = [JobFactory.create(team=team, kind="import", **state) for state in states]
    datasets = [DatasetFactory.create(team=team, import_job=job) for job in jobs]

    context = as_vera.get("/").context
    assert list(context["imports"]) == [datasets[0]]
    assert list(context["failed_imports"]) == [datasets[1]]


def test_home_is_the_teams_own(as_charlie: Client, team: Team) -> None:
    RunFactory.create(team=team, name="Secret")

    assert "Secret" not in as_charlie.get("/").content.decode()


def test_home_queries_do_not_grow_with_runs(
    as_vera: Client, team: Team, django_assert_max_num_queries: Any
) -> None:
    for number in range(4):
        scored_run(team, 0.1, 0.2, 0.3, name=f"v{number}", current_job__ended=True)

    with django_assert_max_num_queries(16):
        as_vera.get("/")


def test_best_evaluations_one_per_dataset_the_highest(team: Team) -> None:
    dataset = on_dataset(team)
    scored_run(team, 0.5, 0.1, 0.3, dataset=dataset, name="worse")
    best = scored_run(team, 0.1, 0.2, 0.3, dataset=dataset, name="best")
    other = scored_run(team, 0.1, 0.9, 0.3, dataset=on_dataset(team), name="other")

    found = best_evaluations(team)

    assert {each.score_set.run for each in found} == {best, other}
    assert {each.protocol.slug for each in found} == {"frame-raw"}


def test_best_evaluations_undefined_is_not_the_best(team: Team) -> None:
    dataset = on_dataset(team)
    undefined = labelled_run({"normal": [0, 0]}, team=team, dataset=dataset)
    evaluate(save_by_name(undefined, {"normal": float32(0, 1)}), ensure_protocols()[0])
    defined = scored_run(team, 0.9, 0.2, 0.3, dataset=dataset, name="defined")

    assert [each.score_set.run for each in best_evaluations(team)] == [defined]


def test_best_evaluations_of_another_team_do_not_count(team: Team) -> None:
    scored_run(RunFactory.create().team, 0.1, 0.2, 0.3, name="foreign")

    assert best_evaluations(team) == []
