"""Scores that land from shards: what waits, what completes the run, what is refused."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ml.explain.maps import Maps
from tests.factories.datasets import SplitMemberFactory, VideoFactory
from tests.factories.results import float32, labelled_run
from tests.race import race
from webapp.accounts.models import Team
from webapp.common.errors import ConflictError, UserError
from webapp.datasets.models import Video
from webapp.jobs import services as jobs
from webapp.jobs import stages as shared
from webapp.jobs.models import Job, Shard
from webapp.results.models import Explanation, PendingExplanation, PendingScores, ScoreSet
from webapp.results.scores import explanations, intake
from webapp.results.scores.explanations import Sheet
from webapp.results.scores.intake import Placed, Progress
from webapp.runs import stages
from webapp.runs.models import Run

pytestmark = pytest.mark.django_db
NAMES = "abcd"
RULE = "every frame"


@pytest.fixture
def run(team: Team) -> Run:
    """With four test videos of four frames."""
    labels: dict[str, Sequence[int]] = {name: [0, 0, 1, 1] for name in NAMES}
    return labelled_run(labels, team=team, current_job__ended=True, current_job__kind="train")


def placed(run: Run, names: str, level: float = 0.5) -> dict[Video, Placed]:
    videos = run.dataset.videos.filter(name__in=list(names))
    return {video: Placed(float32(*[level] * 4), RULE) for video in videos}


def land(run: Run, names: str, *, level: float = 0.5, **more: Any) -> Progress:
    given = placed(run, names, level)
    return intake.land(run=run, given=given, by=None, **({"is_last": False} | more))


def n_evaluations(run: Run) -> int:
    return Job.objects.filter(subject_id=run.pk, kind="evaluate").count()


def test_the_last_shard_to_land_completes_the_run(run: Run) -> None:
    assert land(run, "ab").missing == ["c", "d"]
    assert not ScoreSet.objects.exists()
    assert land(run, "c").missing == ["d"]
    assert n_evaluations(run) == 0

    assert land(run, "d", is_last=True).is_complete

    assert ScoreSet.objects.get().videos.count() == 4
    assert n_evaluations(run) == 1
    assert not PendingScores.objects.exists()


def test_in_shards_and_at_once_the_same_is_stored(run: Run, team: Team) -> None:
    other = Run.objects.get(pk=run.pk)
    other.pk, other.current_job = Run._meta.pk.get_default(), run.current_job
    other.save(force_insert=True)
    land(run, "ca")
    land(run, "db", is_last=True)
    land(other, NAMES, is_last=True)

    one, whole = ScoreSet.objects.get(run=run), ScoreSet.objects.get(run=other)

    assert (one.content_hash, one.rule) == (whole.content_hash, whole.rule)
    assert (one.lowest, one.highest) == (whole.lowest, whole.highest)


def test_what_lands_twice_changes_nothing(run: Run) -> None:
    for _ in range(2):
        land(run, "abc")
    for _ in range(2):
        land(run, "d", is_last=True)
    land(run, "a")

    assert ScoreSet.objects.get().videos.count() == 4
    assert n_evaluations(run) == 1


def test_a_complete_run_takes_no_other_scores(run: Run) -> None:
    land(run, NAMES, is_last=True)

    with pytest.raises(ConflictError, match="complete, with other scores for a"):
        land(run, "a", level=0.75)


def test_what_completes_the_run_was_never_pending(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "_keep", lambda *_: pytest.fail("it was stored to wait"))

    assert land(run, NAMES, is_last=True).is_complete


def test_scores_that_do_not_fit_are_refused_when_they_land(run: Run) -> None:
    given = placed(run, "a") | {
        video: Placed(float32(0.5, float("nan"), 0.5, 0.5), RULE) for video in placed(run, "b")
    }

    with pytest.raises(UserError, match="b: 1 of 4 scores are NaN or infinite"):
        intake.land(run=run, given=given, by=None, is_last=False)
    assert not PendingScores.objects.exists()


def test_a_shard_that_left_out_a_video_is_refused_when_it_lands(run: Run) -> None:
    shard = {video.pk for video in placed(run, "abc")}

    with pytest.raises(UserError, match="1 of 3 videos of the shard have no scores: c"):
        land(run, "ab", shard=shard)


def test_the_last_shard_is_refused_while_videos_have_no_scores(run: Run) -> None:
    land(run, "ab")

    with pytest.raises(UserError, match="1 of 4 test videos have no scores: d"):
        land(run, "c", is_last=True)
    assert not ScoreSet.objects.exists()


def test_validation_videos_of_a_scoring_are_needed(run: Run) -> None:
    video = VideoFactory.create(dataset=run.dataset, name="v", part="validation", n_frames=4)
    SplitMemberFactory.create(split=run.split, video=video, part="validation")

    assert land(run, NAMES).missing == ["v"]
    assert land(run, "v", is_last=True).is_complete

    score_set = ScoreSet.objects.get()
    assert [score_set.videos.count(), score_set.validation_videos.count()] == [4, 1]


def sheet(folder: Path, video: Video) -> Sheet:
    maps = Maps(levels=np.full((4, 2, 3), 7, np.uint8), highest=0.5)
    path = folder / f"{video.name}.png"
    maps.save(path)
    return Sheet(video_id=video.pk, path=path, facts=maps.facts("the error"))


def land_maps(run: Run, names: str, folder: Path) -> None:
    explanations.land(run, [sheet(folder, video) for video in placed(run, names)])


def test_maps_wait_as_scores_do(run: Run, tmp_path: Path) -> None:
    land(run, "abc")
    for _ in range(2):
        land_maps(run, "abc", tmp_path)
    assert PendingExplanation.objects.count() == 3
    assert not Explanation.objects.exists()

    land(run, "d", is_last=True)
    land_maps(run, "d", tmp_path)

    stored = Explanation.objects.get(video__name="a")
    assert Explanation.objects.count() == 4
    assert not PendingExplanation.objects.exists()
    assert (stored.n_maps, stored.highest) == (4, 0.5)
    with stored.sheet.open() as file:
        assert file.read() == (tmp_path / "a.png").read_bytes()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("attempt", range(3))
def test_of_four_shards_that_land_at_once_one_completes_the_run(
    run: Run, tmp_path: Path, attempt: int
) -> None:
    submitted = [stages.submit_job(run, "score", queue="cpu", by=None) for _ in NAMES]
    shared.set_jobs(submitted, [[v.pk for v in placed(run, name)] for name in NAMES])
    workers = [jobs.announce(f"lab:{n}", queues=["cpu"], slots=1, facts={}) for n in range(4)]
    held = iter([jobs.claim_next("cpu", worker=worker) for worker in workers])

    def end() -> bool:
        job = next(held)
        assert job is not None
        name = NAMES[submitted.index(job)]
        jobs.mark_running(job)
        with jobs.fenced(job) as mine:
            is_last = stages.land(mine)
            land(run, name, is_last=is_last, job=mine, shard=shared.videos_of(mine))
            if not is_last:
                stages.follow(run.pk)
            land_maps(run, name, tmp_path)
            jobs.finish(mine, status=Job.Status.SUCCEEDED)
        return is_last

    assert sorted(race(end, n_threads=4)) == [False, False, False, True]

    assert ScoreSet.objects.get().videos.count() == 4
    assert Explanation.objects.count() == 4
    assert not Shard.objects.open().filter(stage__kind="score").exists()
    assert n_evaluations(run) == 1
    assert Run.objects.select_related("current_job").get(pk=run.pk).job.kind == "evaluate"
    assert not PendingScores.objects.exists()
