"""What goes, what stays, what holds, and who may."""

from __future__ import annotations

from typing import Any

import pytest
from django.apps import apps
from django.core.exceptions import PermissionDenied
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import FileField

from tests.factories.datasets import FeatureSetFactory, features_of_all
from tests.factories.jobs import JobFactory
from tests.factories.results import labelled_run
from tests.factories.runs import RunFactory, sweep_of
from tests.webapp.deleting.conftest import SCORES, end_jobs, full_run
from tests.webapp.sharing.conftest import LABELS
from webapp.accounts.models import ApiToken, Membership, Team, User
from webapp.audit.models import AuditEvent
from webapp.common.errors import ConflictError, UserError
from webapp.datasets.models import Dataset, ExtractedFile, Video
from webapp.deleting import contents, files, services
from webapp.deleting.holds import HeldError
from webapp.deleting.models import FileToSweep
from webapp.jobs.models import Job
from webapp.results.models import Evaluation, PooledEvaluation, ScoreSet, VideoScores
from webapp.results.protocols.presets import ensure_protocols
from webapp.results.scores import uploads
from webapp.results.scores.virtual import create_virtual_run
from webapp.runs.models import Checkpoint, Run, Sweep
from webapp.runs.services import resume_run
from webapp.sharing.services import create_link, revoke_link


def refused(delete: Any, by: User, **subject: Any) -> list[str]:
    """Codes of what holds it; nothing may have changed."""
    before = AuditEvent.objects.count(), FileToSweep.objects.count()
    with pytest.raises(HeldError) as caught:
        delete(**subject, by=by)
    assert (AuditEvent.objects.count(), FileToSweep.objects.count()) == before
    return [hold.code for hold in caught.value.holds]


def test_a_run_goes_with_all_that_hangs_on_it(run: Run, rival: Run, maria: User) -> None:
    hangs = contents.of_run(run)

    services.delete_run(run=run, by=maria)

    assert hangs.counts == {
        "checkpoints": 1, "training_points": 1, "scores": 2,
        "evaluations": len(ensure_protocols()), "explanations": 2, "jobs": 1,
    }  # fmt: skip
    assert (hangs.n_files, hangs.holds) == (4, [])
    assert hangs.n_bytes
    assert list(Run.objects.all()) == [rival]
    assert {row.subject_id for row in Job.objects.all()} == {rival.pk}
    for table in (ScoreSet, Checkpoint):
        assert {row.run_id for row in table.objects.all()} == {rival.pk}
    assert {row.score_set.run_id for row in VideoScores.objects.all()} == {rival.pk}
    assert {row.score_set.run_id for row in Evaluation.objects.all()} == {rival.pk}


def test_the_record_of_a_deletion_says_what_there_was(run: Run, maria: User) -> None:
    run_id, n_evaluations = run.pk, Evaluation.objects.count()

    services.delete_run(run=run, by=maria)

    event = AuditEvent.objects.get()
    assert (event.act, event.subject_id, event.subject_name) == ("run.deleted", run_id, "Ramp")
    assert (event.user, event.user_name, event.team) == (maria, "Maria", run.team)
    assert event.details["evaluations"] == n_evaluations
    assert event.details["dataset"] == run.dataset.name


def test_a_run_whose_job_has_not_ended_is_held(run: Run, maria: User) -> None:
    JobFactory.create(team=run.team, subject_id=run.pk, kind="evaluate")

    assert refused(services.delete_run, maria, run=run) == ["job"]


def test_a_run_is_held_by_an_open_link_and_not_by_one_that_is_revoked(
    run: Run, maria: User
) -> None:
    link, _address = create_link(kind="run", ids={"runs": [run.pk]}, by=maria)
    assert refused(services.delete_run, maria, run=run) == ["share_link"]
    revoke_link(link=link, by=maria)

    assert "1 link that showed it" in " ".join(contents.of_run(run).consequences)
    services.delete_run(run=run, by=maria)

    assert not Run.objects.exists()


def test_a_run_is_held_by_a_comparison_and_a_moment(run: Run, rival: Run, maria: User) -> None:
    both = [rival.pk, run.pk]
    create_link(kind="comparison", ids={"runs": both}, by=maria)
    video = run.dataset.videos.get(name="gate").pk
    create_link(kind="moment", ids={"runs": both, "video": video, "frame": 1}, by=maria)

    assert refused(services.delete_run, maria, run=run) == ["share_link"]


def test_a_run_is_held_by_a_shared_leaderboard_that_ranks_it(run: Run, maria: User) -> None:
    ids = {"dataset": run.dataset_id, "protocol": "frame-raw"}
    create_link(kind="leaderboard", ids=ids, by=maria)
    unranked = RunFactory.create(team=run.team, dataset=run.dataset, split=run.split)
    end_jobs(unranked)

    services.delete_run(run=unranked, by=maria)

    assert refused(services.delete_run, maria, run=run) == ["share_link"]


def test_a_leaderboard_of_the_team_alone_is_told_of(run: Run, rival: Run, maria: User) -> None:
    [said] = contents.of_run(run).consequences

    assert "It leaves the leaderboard" in said
    services.delete_run(run=run, by=maria)


def test_a_run_is_held_by_virtual_runs_of_it(run: Run, rival: Run, maria: User) -> None:
    members = [{"run": each.pk} for each in (run, rival)]
    virtual = create_virtual_run(team=run.team, recipe={"members": members}, by=maria)
    end_jobs(virtual)
    assert refused(services.delete_run, maria, run=run) == ["virtual_run"]
    assert refused(services.delete_score_set, maria, run=run) == ["virtual_run"]

    services.delete_run(run=virtual, by=maria)
    services.delete_run(run=run, by=maria)

    assert list(Run.objects.all()) == [rival]


def test_a_run_of_a_sweep_goes_with_the_whole_sweep(run: Run, rival: Run, maria: User) -> None:
    sweep = in_one_sweep(run, rival)
    run.refresh_from_db()
    rival.refresh_from_db()
    assert refused(services.delete_run, maria, run=run) == ["sweep", "trains"]
    assert refused(services.delete_run, maria, run=rival) == ["sweep"]

    assert contents.of_sweep(sweep).counts["runs"] == 2
    services.delete_sweep(sweep=sweep, by=maria)

    assert not Run.objects.exists()
    assert not Sweep.objects.exists()
    assert AuditEvent.objects.get(act="sweep.deleted").details["runs"] == 2


def in_one_sweep(trainer: Run, other: Run) -> Sweep:
    sweep = sweep_of(trainer)
    Run.objects.filter(pk=other.pk).update(sweep=sweep, sweep_row=1, trained_by=trainer)
    return sweep


def test_a_sweep_is_held_by_a_link_to_one_of_its_runs(run: Run, rival: Run, maria: User) -> None:
    sweep = in_one_sweep(run, rival)
    create_link(kind="run", ids={"runs": [rival.pk]}, by=maria)

    assert refused(services.delete_sweep, maria, sweep=sweep) == ["share_link"]


def test_pooled_numbers_go_with_one_of_their_folds(run: Run, rival: Run, maria: User) -> None:
    evaluation = Evaluation.objects.first()
    assert evaluation is not None
    pooled = PooledEvaluation.objects.create(
        pool_hash="p" * 64, protocol=evaluation.protocol, metrics={}, counts={},
        annotation_set=run.annotation_set, evaluator_version=1,
    )  # fmt: skip
    pooled.score_sets.set([run.score_set, rival.score_set])

    assert contents.of_run(run).counts["pooled_evaluations"] == 1
    services.delete_run(run=run, by=maria)

    assert not PooledEvaluation.objects.exists()
    assert ScoreSet.objects.get().run == rival


def test_scores_go_and_the_run_can_be_scored_again(run: Run, maria: User) -> None:
    services.delete_score_set(run=run, by=maria)

    run = Run.objects.get()
    assert (run.scored_at, run.status, run.job.reason) == (
        None, "cancelled", "Maria deleted the scores.",
    )  # fmt: skip
    assert not ScoreSet.objects.exists()
    assert not Evaluation.objects.exists()
    assert Checkpoint.objects.count() == 1
    assert FileToSweep.objects.count() == 2
    again = resume_run(run=run, by=maria)
    assert (again.job.kind, again.job.status) == ("score", "created")


def test_an_upload_takes_other_scores_once_they_are_deleted(
    run: Run, maria: User, eager_worker: None
) -> None:
    mine = uploads.create_uploaded_run(
        team=run.team, dataset=run.dataset, split=run.split, method_title="Ours", by=maria
    )
    upload(mine, maria, 0.0)
    with pytest.raises(ConflictError, match="with other scores"):
        upload(mine, maria, 0.1)

    services.delete_score_set(run=Run.objects.get(pk=mine.pk), by=maria)

    assert Run.objects.get(pk=mine.pk).status == "waiting_for_scores"
    upload(mine, maria, 0.1)
    assert Run.objects.get(pk=mine.pk).scored_at is not None


def upload(run: Run, by: User, more: float) -> None:
    lines = [
        f"{name},{frame},{score + more}"
        for name, scores in SCORES.items()
        for frame, score in enumerate(scores)
    ]
    data = "\n".join(["video,frame,score", *lines]).encode()
    uploads.store_score_set(run=run, data=data, layout=uploads.Layout(), by=by)


def test_scores_that_are_stored_nowhere_are_not_deleted(run: Run, rival: Run, maria: User) -> None:
    recipe = {"members": [{"run": run.pk}, {"run": rival.pk}]}
    virtual = create_virtual_run(team=run.team, recipe=recipe, by=maria)

    with pytest.raises(ConflictError, match="computed from other runs"):
        services.delete_score_set(run=virtual, by=maria)


def test_a_run_without_scores_has_none_to_delete(team: Team, maria: User) -> None:
    run = RunFactory.create(team=team)
    end_jobs(run)

    with pytest.raises(ConflictError, match="has no scores"):
        services.delete_score_set(run=run, by=maria)


def test_a_dataset_goes_and_its_videos_stay_on_the_server(
    dataset: Dataset, maria: User, tmp_path: Any
) -> None:
    dataset.folder = str(tmp_path / "data")
    dataset.save()
    film = tmp_path / "data" / "gate.mp4"
    film.parent.mkdir()
    film.write_bytes(b"film")
    features_of_all(dataset)
    hangs = contents.of_dataset(dataset)

    services.delete_dataset(dataset=dataset, by=maria)
    while files.sweep_files():
        pass

    assert hangs.counts == {
        "videos": 2, "splits": 1, "ground_truths": 1, "ground_truth_files": 1,
        "feature_sets": 1, "jobs": 2,
    }  # fmt: skip
    assert hangs.n_files == 8
    assert film.read_bytes() == b"film"
    assert not Dataset.objects.exists()
    assert not Video.objects.exists()
    assert not Job.objects.exists()
    assert stored_files() == []


def stored_files(folder: str = "") -> list[str]:
    if not default_storage.exists(folder or "."):
        return []
    folders, names = default_storage.listdir(folder)
    below = [path for each in folders for path in stored_files(f"{folder}/{each}".lstrip("/"))]
    return below + [f"{folder}/{name}".lstrip("/") for name in names]


def test_a_dataset_is_held_by_what_was_made_on_it(run: Run, rival: Run, maria: User) -> None:
    sweep_of(rival)
    ids = {"dataset": run.dataset_id, "protocol": "frame-raw"}
    create_link(kind="leaderboard", ids=ids, by=maria)
    JobFactory.create(team=run.team, kind="import", subject_id=run.dataset_id)

    held = refused(services.delete_dataset, maria, dataset=run.dataset)

    assert held == ["job", "run", "sweep", "share_link"]


@pytest.mark.parametrize("kind", ["annotate", "features"])
def test_a_dataset_is_held_by_jobs_for_its_parts(dataset: Dataset, maria: User, kind: str) -> None:
    draft, feature_set = dataset.annotation_imports.get(), features_of_all(dataset)
    subject = {"annotate": draft.pk, "features": feature_set.pk}[kind]
    JobFactory.create(team=dataset.team, kind=kind, subject_id=subject, held=True)

    assert refused(services.delete_dataset, maria, dataset=dataset) == ["job"]


def test_a_feature_set_goes_unless_runs_read_it(dataset: Dataset, maria: User) -> None:
    used, unused = features_of_all(dataset), FeatureSetFactory.create(dataset=dataset)
    split, truth = dataset.splits.get(), dataset.ground_truth
    reader = RunFactory.create(
        team=dataset.team, dataset=dataset, split=split, annotation_set=truth, feature_set=used
    )

    services.delete_feature_set(feature_set=unused, by=maria)

    assert refused(services.delete_feature_set, maria, feature_set=used) == ["run"]
    end_jobs(reader)
    services.delete_run(run=reader, by=maria)
    assert contents.of_feature_set(used).counts == {"feature_files": 2}
    services.delete_feature_set(feature_set=used, by=maria)
    assert not dataset.feature_sets.exists()


def test_a_member_deletes_what_is_their_own(run: Run, rival: Run, bob: User) -> None:
    Run.objects.filter(pk=run.pk).update(created_by=bob)

    services.delete_run(run=Run.objects.get(pk=run.pk), by=bob)

    with pytest.raises(PermissionDenied, match="what they made themselves"):
        services.delete_run(run=rival, by=bob)
    with pytest.raises(PermissionDenied):
        services.delete_dataset(dataset=rival.dataset, by=bob)


def test_who_was_made_a_viewer_deletes_nothing(run: Run, bob: User) -> None:
    Run.objects.filter(pk=run.pk).update(created_by=bob)
    Membership.objects.filter(user=bob).update(role="viewer")

    with pytest.raises(PermissionDenied):
        services.delete_run(run=Run.objects.get(pk=run.pk), by=bob)


@pytest.mark.parametrize(("scope", "may"), [("read", False), ("submit", False), ("manage", True)])
def test_a_token_needs_scope_manage(run: Run, maria: User, scope: str, may: bool) -> None:
    maria.api_token = ApiToken(team=run.team, user=maria, scope=scope)

    assert services.may_delete_run(run, by=maria) is may
    assert services.may_delete_data(run.team, by=maria) is may


def test_what_is_rolled_back_leaves_no_record_and_no_file_to_sweep(run: Run, maria: User) -> None:
    with transaction.atomic():
        services.delete_run(run=run, by=maria)
        transaction.set_rollback(True)

    assert Run.objects.filter(pk=run.pk).exists()
    assert not AuditEvent.objects.exists()
    assert not FileToSweep.objects.exists()


def test_what_is_gone_is_not_deleted_twice(run: Run, maria: User) -> None:
    same = Run.objects.get(pk=run.pk)
    services.delete_run(run=run, by=maria)

    with pytest.raises(ConflictError, match="deleted meanwhile") as caught:
        services.delete_run(run=same, by=maria)
    assert caught.value.code == "deleted"


def test_every_field_of_a_file_is_swept_with_something() -> None:
    swept = {
        (each.model, each.field) for each in (*files.OF_RUN, *files.OF_DATASET, *files.OF_WEIGHTS)
    }

    kept = {
        (model, field.name)
        for model in apps.get_models()
        for field in model._meta.get_fields()
        if isinstance(field, FileField)
    }

    assert kept == swept | {(ExtractedFile, "file")}  # see `files.names_of_features`


def test_a_refusal_is_one_of_the_user(run: Run, maria: User) -> None:
    create_link(kind="run", ids={"runs": [run.pk]}, by=maria)

    with pytest.raises(UserError, match=r"is held\. An open share link shows it") as caught:
        services.delete_run(run=run, by=maria)
    assert (caught.value.status_code, caught.value.code) == (409, "held")


def test_another_dataset_is_left_alone(dataset: Dataset, maria: User) -> None:
    other = full_run(labelled_run(LABELS, team=dataset.team))

    services.delete_dataset(dataset=dataset, by=maria)

    assert list(Dataset.objects.all()) == [other.dataset]
    assert Job.objects.filter(subject_id=other.pk).count() == 1


def test_weights_that_another_run_began_with_hold_their_run(
    run: Run, rival: Run, maria: User
) -> None:
    Run.objects.filter(pk=rival.pk).update(starts_from=run.checkpoints.get())

    assert refused(services.delete_run, maria, run=run) == ["starts"]

    end_jobs(rival)
    services.delete_run(run=rival, by=maria)
    services.delete_run(run=run, by=maria)
    assert not Run.objects.exists()


def test_stages_of_scores_go_with_them(run: Run, maria: User) -> None:
    """What has landed would not be done again by those who resume the run."""
    for kind in ("train", "score", "evaluate"):
        stage = run.stages.get_or_create(subject_id=run.pk, kind=kind)[0]
        job = JobFactory.create(team=run.team, subject_id=run.pk, kind=kind, held=True)
        end_jobs(run)
        stage.shards.get_or_create(number=1, job=job, landed_at=run.created_at)

    services.delete_score_set(run=run, by=maria)

    assert [stage.kind for stage in run.stages.all()] == ["train"]


def test_maps_that_wait_for_the_rest_go_with_their_run(run: Run, rival: Run, maria: User) -> None:
    row = run.score_set.explanations.first()
    waiting = run.pending_explanations.create(
        video=row.video, sheet=default_storage.save("x.png", ContentFile(b"x")), rule="",
        first_frame=0, frames_per_map=1, n_maps=1, height=1, width=1, columns=1, highest=1,
    )  # fmt: skip

    services.delete_run(run=run, by=maria)

    assert FileToSweep.objects.filter(name=waiting.sheet.name).exists()
