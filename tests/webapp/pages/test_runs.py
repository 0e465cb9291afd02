"""List and page of runs, with their numbers."""

from collections.abc import Sequence
from typing import Any

import pytest
from django.test import Client

from tests.evaluating import evaluate_under_each
from tests.factories.jobs import JobFactory
from tests.factories.results import float32, labelled_run, save_by_name
from tests.factories.runs import CheckpointFactory, MethodFactory, RunFactory, TrainingPointFactory
from webapp.accounts.models import Team, User
from webapp.jobs.models import Job, LogChunk
from webapp.jobs.provenance import facts_of
from webapp.pages.runs import PAGE_SIZE, latest_of_each_kind
from webapp.results.protocols.presets import PRESETS, ensure_protocols
from webapp.results.scores.uploads import create_uploaded_run
from webapp.runs.models import Run
from webapp.runs.services import mark_scored

LABELS: dict[str, Sequence[int]] = {
    "good": [0, 0, 1, 1],
    "bad": [0, 1, 0, 1],
    "normal": [0, 0, 0, 0],
}
SCORES = {
    "good": float32(0.1, 0.2, 0.8, 0.9),
    "bad": float32(0.7, 0.3, 0.6, 0.4),
    "normal": float32(0.0, 0.0, 0.0, 0.0),
}


def evaluated_run(team: Team, **values: Any) -> Run:
    run = labelled_run(LABELS, team=team, current_job__ended=True, **values)
    score_set = save_by_name(run, SCORES)
    evaluate_under_each(score_set, ensure_protocols())
    return run


@pytest.fixture
def run(team: Team) -> Run:
    return evaluated_run(team, name="Baseline")


def names(response: Any) -> list[str]:
    return [row["run"].name for row in response.context["rows"]]


def test_list_shows_the_default_protocols_auc(as_vera: Client, run: Run) -> None:
    row = as_vera.get("/runs").context["rows"][0]

    # Of 4 × 8 pairs the "bad" video's frames lose 2 + 2 each to its own normal frames.
    assert row["run"] == run
    assert row["evaluation"].metrics["auroc"] == pytest.approx(28 / 32)
    assert "0.875" in as_vera.get("/runs").content.decode()


def test_list_run_without_numbers_has_a_dash(as_vera: Client, team: Team) -> None:
    RunFactory.create(team=team)

    assert '<td class="num">–</td>' in as_vera.get("/runs").content.decode()


def test_list_filters_by_dataset_method_and_state(as_vera: Client, team: Team, run: Run) -> None:
    weak = MethodFactory.create(name="weak")
    RunFactory.create(team=team, name="Weak", method=weak)
    RunFactory.create(
        team=team, name="Lost", current_job__ended=True, current_job__status="timed_out"
    )

    assert names(as_vera.get("/runs", {"dataset": run.dataset_id})) == ["Baseline"]
    assert names(as_vera.get("/runs", {"method": "weak"})) == ["Weak"]
    assert names(as_vera.get("/runs", {"status": "failed"})) == ["Lost"]
    assert names(as_vera.get("/runs", {"status": "waiting"})) == ["Weak"]
    assert names(as_vera.get("/runs", {"status": "succeeded", "method": "weak"})) == []


def test_list_filters_runs_without_a_job_by_state(as_vera: Client, run: Run, bob: User) -> None:
    facts = {"team": run.team, "dataset": run.dataset, "split": run.split, "by": bob}
    create_uploaded_run(**facts, method_title="RTFM", name="Waits")
    mark_scored(create_uploaded_run(**facts, method_title="RTFM", name="Scored"))

    assert names(as_vera.get("/runs", {"status": "scores"})) == ["Waits"]
    assert names(as_vera.get("/runs", {"status": "waiting"})) == []
    assert "Scored" in names(as_vera.get("/runs", {"status": "succeeded"}))
    listed = as_vera.get("/api/v1/runs?status=waiting_for_scores").json()["results"]
    assert [each["name"] for each in listed] == ["Waits"]


def test_list_ignores_a_filter_that_it_does_not_understand(as_vera: Client, run: Run) -> None:
    assert names(as_vera.get("/runs", {"status": "nonsense", "dataset": "x"})) == ["Baseline"]


def test_list_goes_on_below_the_last_run_of_a_page(as_vera: Client, team: Team) -> None:
    runs = RunFactory.create_batch(PAGE_SIZE + 2, team=team)

    first = as_vera.get("/runs")
    second = as_vera.get("/runs", {"after": first.context["next_after"]})

    assert len(first.context["rows"]) == PAGE_SIZE
    assert names(second) == [runs[1].name, runs[0].name]
    assert second.context["next_after"] is None


def test_list_is_the_teams_own(as_charlie: Client, run: Run) -> None:
    content = as_charlie.get("/runs").content.decode()

    assert "No runs yet" in content
    assert run.name not in content


def test_list_queries_do_not_grow_with_runs(
    as_vera: Client, team: Team, django_assert_num_queries: Any
) -> None:
    for _ in range(5):
        evaluated_run(team)

    with django_assert_num_queries(10):
        as_vera.get("/runs")


def test_list_only_who_may_submit_sees_the_button(
    as_bob: Client, as_vera: Client, run: Run
) -> None:
    assert 'href="/runs/new"' in as_bob.get("/runs").content.decode()
    assert 'href="/runs/new"' not in as_vera.get("/runs").content.decode()


def test_detail_shows_numbers_of_every_protocol_the_default_first(
    as_vera: Client, run: Run
) -> None:
    response = as_vera.get(f"/runs/{run.pk}")

    slugs = [each.protocol.slug for each in response.context["evaluations"]]
    assert slugs[0] == "frame-raw"
    assert sorted(slugs) == sorted(preset.slug for preset in PRESETS)
    assert "0.875" in response.content.decode()
    assert "every frame" in response.content.decode()


def test_detail_says_that_the_ground_truth_was_read_with_errors(as_vera: Client, run: Run) -> None:
    address = f"/runs/{run.pk}"
    assert "reported" not in as_vera.get(address).content.decode()
    finding = {"level": "error", "subject": "a", "text": "it cannot be used"}
    run.dataset.report = [finding, {**finding, "n_more": 3}, {**finding, "level": "info"}]
    run.dataset.save()

    page = as_vera.get(address).content.decode()

    assert (
        "reported 5 errors: a video whose ground truth could not be used counts as normal" in page
    )
    assert f"/datasets/{run.dataset_id}?tab=import" in page


def test_detail_videos_that_cost_the_most_come_first(as_vera: Client, run: Run) -> None:
    rows = as_vera.get(f"/runs/{run.pk}").context["videos"].shown

    assert rows[0].video.name == "bad"
    assert rows[0].auroc == 0
    assert {row.video.name: row.auroc for row in rows}["normal"] is None


def test_detail_shows_config_with_what_was_changed(as_vera: Client, team: Team) -> None:
    run = RunFactory.create(team=team, config={"epochs": 3, "norm": "batch"})

    response = as_vera.get(f"/runs/{run.pk}")

    changed = {each.label: each.is_changed for each in response.context["settings"]}
    assert changed == {"Epochs": True, "Normalisation": False}
    assert "<strong>3</strong>" in response.content.decode()


def test_detail_shows_where_and_with_what_it_ran(as_vera: Client, run: Run) -> None:
    JobFactory.create(
        ended=True, subject_id=run.pk, team=run.team, started_at=run.created_at,
        provenance={"commit": "abc123", "torch": "2.13.0", "threads": 2},
    )  # fmt: skip

    content = as_vera.get(f"/runs/{run.pk}").content.decode()

    for fact in ("abc123", "2.13.0", run.dataset_hash):
        assert fact in content


def test_detail_learning_curve_and_checkpoints(as_vera: Client, team: Team) -> None:
    run = RunFactory.create(team=team)
    TrainingPointFactory.create(run=run)
    CheckpointFactory.create(run=run, step=120, is_final=True)

    content = as_vera.get(f"/runs/{run.pk}").content.decode()

    assert 'id="learning-curve"' in content
    assert "final" in content
    assert "120" in content


def test_detail_of_a_failed_run_says_why_and_offers_to_resume(
    as_bob: Client, as_vera: Client, team: Team
) -> None:
    run = RunFactory.create(
        team=team, current_job__ended=True, current_job__status="failed",
        current_job__failure="out_of_memory", current_job__reason="Use a smaller batch.",
    )  # fmt: skip

    content = as_bob.get(f"/runs/{run.pk}").content.decode()

    assert "Use a smaller batch." in content
    assert f"/runs/{run.pk}/resume" in content
    assert f"/runs/{run.pk}/resume" not in as_vera.get(f"/runs/{run.pk}").content.decode()


def test_detail_again_fills_in_the_form_as_it_was(as_bob: Client, team: Team) -> None:
    run = RunFactory.create(team=team, seed=4, config={"epochs": 3, "norm": "batch"})

    address = as_bob.get(f"/runs/{run.pk}").context["again_url"]

    form = as_bob.get(address).context["form"]
    assert (form.chosen_split, form["seed"].value()) == (run.split, "4")
    assert form.config["epochs"] == 3


def test_detail_is_hidden_from_strangers(as_charlie: Client, run: Run) -> None:
    assert as_charlie.get(f"/runs/{run.pk}").status_code == 404


def test_detail_queries_do_not_grow_with_videos(
    as_vera: Client, run: Run, django_assert_max_num_queries: Any
) -> None:
    with django_assert_max_num_queries(20):
        as_vera.get(f"/runs/{run.pk}")


def test_latest_of_each_kind_newest_start_of_training_and_scoring(team: Team) -> None:
    run = RunFactory.create(team=team)
    started = {"team": team, "subject_id": run.pk, "started_at": run.created_at}
    first = JobFactory.create(**started)
    second = JobFactory.create(**started)
    score = JobFactory.create(**started, kind="score")
    waiting = JobFactory.create(team=team, subject_id=run.pk, kind="score")

    assert latest_of_each_kind([waiting, score, second, first]) == [second, score]


def test_facts_of_are_words_the_most_asked_for_first() -> None:
    provenance = {"worker": "lab1:7", "av": "18.1.0", "bf16": True, "device_name": "Xeon"}

    assert facts_of(provenance) == [
        ("device name", "Xeon"),
        ("bf16", "true"),
        ("av", "18.1.0"),
        ("worker", "lab1:7"),
    ]


@pytest.mark.parametrize(("status", "shown"), [("succeeded", "epoch 6"), ("failed", "no memory")])
def test_log_is_that_of_the_training_once_all_has_gone_well(
    as_vera: Client, team: Team, status: str, shown: str
) -> None:
    run = RunFactory.create(team=team, current_job__ended=True)
    same = {"team": team, "subject_id": run.pk, "ended": True}
    Job.objects.filter(pk=run.job.pk).update(subject_id=run.pk)
    printed = {run.job: b"epoch 6"}
    for kind in ("score", "evaluate"):
        run.current_job = JobFactory.create(**same, kind=kind, status=status)
        printed[run.current_job] = b"no memory" if kind == "evaluate" else b"videos"
    for job, text in printed.items():
        LogChunk.objects.create(job=job, offset=0, data=text)
        Job.objects.filter(pk=job.pk).update(log_size=len(text))
    run.save()

    page = as_vera.get(run.get_absolute_url())

    assert page.context["log_text"] == shown
    assert f'data-log="/jobs/{page.context["log_job"].pk}/log"' in page.text
