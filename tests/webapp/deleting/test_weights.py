"""Weights that were brought in, deleted: what goes, what holds them, and who may."""

from __future__ import annotations

import pytest
from django.core.exceptions import PermissionDenied
from django.core.files.storage import default_storage
from django.test import Client

from tests.factories.jobs import JobFactory
from tests.factories.results import labelled_run
from tests.factories.runs import WeightsFactory
from tests.webapp.deleting.conftest import SCORES, end_jobs
from tests.webapp.sharing.conftest import LABELS, scored
from webapp.accounts.models import Team, User
from webapp.audit.models import AuditEvent
from webapp.deleting import contents, files, services
from webapp.deleting.holds import HeldError
from webapp.jobs.models import Job
from webapp.runs.models import Checkpoint, Run, Weights
from webapp.runs.services import resume_run
from workers.housekeeping import Housekeeper


@pytest.fixture
def weights(team: Team, bob: User) -> Weights:
    weights = WeightsFactory.create(team=team, name="Theirs", created_by=bob)
    weights.job = JobFactory.create(team=team, kind="weights", subject_id=weights.pk, ended=True)
    weights.save()
    return weights


@pytest.fixture
def run(team: Team, weights: Weights) -> Run:
    """Scored with them."""
    run = labelled_run(LABELS, team=team, kind="weights", weights=weights)
    end_jobs(run)
    scored(run, **SCORES)
    run.refresh_from_db()
    return run


def test_weights_go_with_all_that_hangs_on_them(weights: Weights, bob: User) -> None:
    names = files.names_of(files.OF_WEIGHTS, [weights.pk])
    hangs = contents.of_weights(weights)
    assert hangs.counts == {"checkpoints": 1, "jobs": 1}
    assert hangs.n_files == len(names) == 3

    services.delete_weights(weights=weights, by=bob)
    Housekeeper().make_pass()

    for model in (Weights, Checkpoint, Job):
        assert not model.objects.exists()
    assert not any(map(default_storage.exists, names))
    event = AuditEvent.objects.get()
    assert (event.act, event.subject_name) == ("weights.deleted", "Theirs")
    assert (event.details["file"], event.details["n_files"]) == ("published.pth", 3)


def refused(weights: Weights, by: User) -> list[str]:
    with pytest.raises(HeldError) as caught:
        services.delete_weights(weights=weights, by=by)
    return [hold.code for hold in caught.value.holds]


def test_runs_that_were_scored_or_begun_with_them_hold_them(
    weights: Weights, run: Run, team: Team, bob: User
) -> None:
    assert refused(weights, bob) == ["run"]

    begun = labelled_run(LABELS, team=team, starts_from=weights.checkpoint)
    assert refused(weights, bob) == ["run", "starts"]

    Run.objects.exclude(pk=begun.pk).delete()
    assert refused(weights, bob) == ["starts"]


def test_a_reading_that_has_not_ended_holds_them(weights: Weights, bob: User) -> None:
    JobFactory.create(team=weights.team, kind="weights", subject_id=weights.pk)

    assert refused(weights, bob) == ["job"]


def test_members_delete_what_they_brought_themselves(
    weights: Weights, bob: User, vera: User, maria: User
) -> None:
    with pytest.raises(PermissionDenied):
        services.delete_weights(weights=weights, by=vera)
    Weights.objects.update(created_by=maria)
    with pytest.raises(PermissionDenied):
        services.delete_weights(weights=Weights.objects.get(), by=bob)

    services.delete_weights(weights=Weights.objects.get(), by=maria)


def test_after_its_scores_were_deleted_a_run_is_scored_again(run: Run, maria: User) -> None:
    services.delete_score_set(run=run, by=maria)

    run = Run.objects.get()
    assert (run.job.kind, run.job.status, run.scored_at) == ("score", "cancelled", None)
    resume_run(run=run, by=maria)
    assert Run.objects.get().job.kind == "score"


def test_pages_and_rest(as_bob: Client, weights: Weights) -> None:
    assert f"/weights/{weights.pk}/delete" in as_bob.get(f"/weights/{weights.pk}").content.decode()
    page = as_bob.get(f"/weights/{weights.pk}/delete").content.decode()
    assert "Delete the weights “Theirs”" in page
    told = as_bob.get(f"/api/v1/weights/{weights.pk}/dependents").json()
    assert (told["n_files"], told["holds"]) == (3, [])

    response = as_bob.post(f"/weights/{weights.pk}/delete", follow=True)

    assert response.redirect_chain == [("/weights", 302)]
    assert "The weights “Theirs” were deleted." in response.content.decode()
    assert as_bob.delete(f"/api/v1/weights/{weights.pk}").status_code == 404
    other = WeightsFactory.create(team=weights.team, created_by=weights.created_by)
    assert as_bob.delete(f"/api/v1/weights/{other.pk}").status_code == 204
