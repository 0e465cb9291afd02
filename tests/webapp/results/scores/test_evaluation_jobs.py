"""Which numbers a run lacks, who may have them made, and what a job then makes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.core.management import call_command

from ml.evaluation import EVALUATOR_VERSION
from tests.evaluating import end_evaluations, evaluate, evaluate_run
from tests.factories.datasets import AnnotationSetFactory
from tests.factories.jobs import JobFactory
from tests.factories.results import float32, labelled_run, save_by_name
from tests.factories.runs import RunFactory
from webapp.accounts.models import Team, User
from webapp.audit.models import AuditEvent
from webapp.common.errors import ConflictError
from webapp.jobs.models import Job
from webapp.results.models import Evaluation, Protocol, ScoreOverview
from webapp.results.protocols.choice import offered_protocols
from webapp.results.protocols.presets import PRESETS, ensure_protocols
from webapp.results.protocols.team import create_protocol
from webapp.results.scores import evaluation_jobs
from webapp.results.scores.evaluation_tasks import lacking, tasks_of
from webapp.runs.models import Run
from webapp.runs.services import cancel_run, resume_run

pytestmark = pytest.mark.django_db


@pytest.fixture
def run(team: Team) -> Run:
    run = labelled_run({"a": [0, 0, 1, 1], "b": [0, 0, 0]}, team=team, current_job__ended=True)
    save_by_name(run, {"a": float32(1, 3, 4, 2), "b": float32(0, 0, 5)})
    return Run.objects.get(pk=run.pk)


def made(team: Team, by: User, **values: Any) -> Protocol:
    return create_protocol(**{"team": team, "title": "Ours", "settings": {}, "by": by} | values)


def slugs_of(run: Run) -> set[tuple[str, int]]:
    found = Evaluation.objects.filter(score_set__run=run)
    return set(found.values_list("protocol__slug", "protocol__version"))


def events() -> list[tuple[str, Any]]:
    found = AuditEvent.objects.filter(act="run.evaluated")
    return [(each.subject_id, each.details.get("under")) for each in found]


class TestTasks:
    def test_all_that_is_offered_and_an_overview(self, run: Run, team: Team, bob: User) -> None:
        made(team, bob, settings={"drop_first": 3})
        newest = made(team, bob, settings={"drop_first": 1}, version_of="ours")

        [task] = tasks_of(run)

        assert task.protocols == [*ensure_protocols(), newest]
        assert task.needs_overview
        evaluate_run(run)
        assert slugs_of(run) == {(p.slug, p.version) for p in PRESETS} | {("ours", 2)}
        assert ScoreOverview.objects.get().evaluator_version == EVALUATOR_VERSION
        assert tasks_of(run) == []

    def test_an_old_version_is_evaluated_where_it_is_asked_for(
        self, run: Run, team: Team, bob: User
    ) -> None:
        old = made(team, bob, settings={"drop_first": 3})
        made(team, bob, settings={"drop_first": 1}, version_of="ours")

        evaluate_run(run, asked=[old.pk])

        assert {("ours", 1), ("ours", 2)} < slugs_of(run)

    def test_protocols_of_other_teams_are_never_used(self, run: Run, charlie: User) -> None:
        theirs = made(charlie.teams.get(), charlie)

        [task] = tasks_of(run, asked=[theirs.pk])

        assert theirs not in task.protocols

    def test_what_is_there_stays(self, run: Run) -> None:
        evaluate_run(run)
        before = list(Evaluation.objects.order_by("pk").values())
        ScoreOverview.objects.all().delete()

        [task] = tasks_of(run)

        assert (task.protocols, task.needs_overview) == ([], True)
        evaluate_run(run)
        assert list(Evaluation.objects.order_by("pk").values()) == before
        assert ScoreOverview.objects.count() == 1


class TestLacking:
    def of(self, run: Run, protocols: list[Protocol], **values: Any) -> bool:
        found = lacking(Run.objects.filter(pk=run.pk), protocols, **values)
        return list(found) == [run]

    def test_nothing_of_what_was_made(self, run: Run, team: Team, bob: User) -> None:
        first, second, *_others = ensure_protocols()
        evaluate(run.score_set, first)

        assert not self.of(run, [first])
        assert self.of(run, [first, second])
        assert self.of(run, [first], needs_overview=True)
        evaluate_run(run)
        assert not self.of(run, ensure_protocols(), needs_overview=True)
        assert self.of(run, [*ensure_protocols(), made(team, bob)])

    def test_numbers_of_an_older_evaluator_or_other_ground_truth_do_not_count(
        self, run: Run
    ) -> None:
        evaluate_run(run)
        raw = ensure_protocols()[0]
        Evaluation.objects.filter(protocol=raw).update(evaluator_version=EVALUATOR_VERSION - 1)
        assert self.of(run, [raw])
        other = AnnotationSetFactory.create(dataset=run.dataset)
        Evaluation.objects.filter(protocol=raw).update(
            evaluator_version=EVALUATOR_VERSION, annotation_set=other
        )
        assert self.of(run, [raw])

    def test_runs_without_scores_and_of_teams_without_the_protocol(
        self, run: Run, team: Team, charlie: User
    ) -> None:
        waiting = RunFactory.create(team=team)
        assert not self.of(waiting, ensure_protocols())
        assert not self.of(run, [made(charlie.teams.get(), charlie)])


class TestOneRun:
    def test_a_job_makes_what_is_asked_for(self, run: Run, team: Team, bob: User) -> None:
        old = made(team, bob, settings={"drop_first": 3})
        made(team, bob, settings={"drop_first": 1}, version_of="ours")

        job = evaluation_jobs.request_evaluation(run=run, protocol=old, by=bob)

        assert isinstance(job, Job)
        assert (job.kind, job.subject_id, job.created_by) == ("evaluate", run.pk, bob)
        run.refresh_from_db()
        assert run.current_job == job
        assert events() == [(run.pk, ["Ours v1"])]
        end_evaluations()
        found = evaluation_jobs.request_evaluation(run=run, protocol=old, by=bob)
        assert isinstance(found, Evaluation)
        assert found.protocol == old
        assert len(events()) == 1
        assert Job.objects.filter(kind="evaluate").count() == 1

    def test_a_job_that_waits_makes_all_that_is_offered(
        self, run: Run, team: Team, bob: User
    ) -> None:
        job = evaluation_jobs.submit_evaluation(run, by=bob)
        protocol = made(team, bob)

        assert evaluation_jobs.request_evaluation(run=run, protocol=protocol, by=bob) == job
        assert events() == []

    def test_a_job_that_began_before_the_protocol_was_there_does_not(
        self, run: Run, team: Team, bob: User
    ) -> None:
        older = made(team, bob, title="Older")
        job = evaluation_jobs.submit_evaluation(run, by=bob)
        Job.objects.filter(pk=job.pk).update(
            status="running", started_at=older.created_at + timedelta(microseconds=1)
        )
        younger = made(team, bob, title="Younger")

        assert evaluation_jobs.request_evaluation(run=run, protocol=older, by=bob) == job
        with pytest.raises(ConflictError, match="makes other numbers") as caught:
            evaluation_jobs.request_evaluation(run=run, protocol=younger, by=bob)
        assert (caught.value.code, caught.value.retry_after_seconds) == ("being_evaluated", 5)

    def test_nor_does_one_for_another_old_version(self, run: Run, team: Team, bob: User) -> None:
        first = made(team, bob, settings={"drop_first": 1})
        second = made(team, bob, settings={"drop_first": 2}, version_of="ours")
        made(team, bob, settings={"drop_first": 3}, version_of="ours")
        job = evaluation_jobs.request_evaluation(run=run, protocol=first, by=bob)

        assert evaluation_jobs.request_evaluation(run=run, protocol=first, by=bob) == job
        with pytest.raises(ConflictError, match="makes other numbers"):
            evaluation_jobs.request_evaluation(run=run, protocol=second, by=bob)

    @pytest.mark.parametrize("job", [{"kind": "train"}, {"status": "cancelling"}])
    def test_nor_does_other_work(self, run: Run, bob: User, job: dict[str, str]) -> None:
        run.current_job = JobFactory.create(
            **{"team": run.team, "kind": "evaluate", "subject_id": run.pk, "held": True} | job
        )
        run.save()

        with pytest.raises(ConflictError, match="makes other numbers"):
            evaluation_jobs.request_evaluation(run=run, protocol=ensure_protocols()[0], by=bob)

    def test_a_run_without_scores_has_no_numbers(self, team: Team, bob: User) -> None:
        waiting = RunFactory.create(team=team, name="Waiting")

        with pytest.raises(ConflictError, match="Waiting has no scores yet") as caught:
            evaluation_jobs.request_evaluation(run=waiting, protocol=ensure_protocols()[0], by=bob)
        assert caught.value.code == "not_scored"

    @pytest.mark.parametrize("is_there", [True, False])
    def test_a_viewer_may_not(self, run: Run, vera: User, is_there: bool) -> None:
        raw = ensure_protocols()[0]
        if is_there:
            evaluate(run.score_set, raw)

        with pytest.raises(PermissionDenied):
            evaluation_jobs.request_evaluation(run=run, protocol=raw, by=vera)


class TestSeveralRuns:
    def test_those_that_lack_something_and_rest(self, run: Run, team: Team, bob: User) -> None:
        complete = labelled_run({"c": [0, 1]}, team=team, current_job__ended=True)
        save_by_name(complete, {"c": float32(0, 1)})
        evaluate_run(complete)
        busy = labelled_run({"d": [0, 1]}, team=team)
        save_by_name(busy, {"d": float32(0, 1)})
        runs = [run, complete, busy]

        assert evaluation_jobs.request_missing(runs=runs, by=bob) == 1
        assert events() == [(run.pk, None)]
        assert end_evaluations() == 1
        assert len(slugs_of(run)) == len(offered_protocols(team))
        assert evaluation_jobs.request_missing(runs=runs, by=bob) == 0

    def test_a_protocol_that_came_later_is_lacked_by_all(
        self, run: Run, team: Team, bob: User
    ) -> None:
        evaluate_run(run)
        protocol = made(team, bob)

        assert evaluation_jobs.request_missing(runs=[run], by=bob) == 1
        end_evaluations()
        assert Evaluation.objects.filter(protocol=protocol).count() == 1

    def test_a_viewer_may_not(self, run: Run, vera: User) -> None:
        with pytest.raises(PermissionDenied):
            evaluation_jobs.request_missing(runs=[run], by=vera)

    def test_nor_may_somebody_who_is_in_one_of_two_teams(
        self, run: Run, bob: User, charlie: User
    ) -> None:
        theirs = labelled_run({"c": [0, 1]}, team=charlie.teams.get())

        with pytest.raises(PermissionDenied):
            evaluation_jobs.request_missing(runs=[run, theirs], by=bob)


class TestAfterAnUpgrade:
    def test_overviews_and_protocols_of_teams_are_made_too(
        self, run: Run, team: Team, bob: User, capsys: pytest.CaptureFixture[str]
    ) -> None:
        evaluate_run(run)
        ScoreOverview.objects.update(evaluator_version=EVALUATOR_VERSION - 1)
        protocol = made(team, bob)

        call_command("evaluate_again")

        assert capsys.readouterr().out == "1 run is evaluated by the workers now.\n"
        assert end_evaluations() == 1
        assert ScoreOverview.objects.count() == 2
        assert Evaluation.objects.filter(protocol=protocol).count() == 1
        call_command("evaluate_again")
        assert end_evaluations() == 0

    def test_a_resumed_one_makes_what_was_asked_for(self, run: Run, team: Team, bob: User) -> None:
        old = made(team, bob, settings={"drop_first": 1})
        made(team, bob, settings={"drop_first": 2}, version_of="ours")
        evaluation_jobs.request_evaluation(run=run, protocol=old, by=bob)
        run.refresh_from_db()
        cancel_run(run=run, by=bob)

        again = resume_run(run=run, by=bob).job
        end_evaluations()

        assert again.spec == {"protocols": [old.pk]}
        assert ("ours", 1) in slugs_of(run)
