"""Explanations on demand: who may ask for what, once, and what the pages and programs get."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.core.files.base import ContentFile
from django.test import Client

from ml.explain.segments import BASELINE_WORDS
from tests.factories.datasets import FeatureSetFactory
from tests.factories.results import float32, labelled_run, save_by_name
from tests.factories.runs import CheckpointFactory, MethodFactory
from webapp.accounts.models import Team, User
from webapp.audit.models import AuditEvent
from webapp.common.errors import ConflictError, UserError
from webapp.datasets.models import Video
from webapp.jobs.models import Job
from webapp.jobs.services import request_cancel
from webapp.results.models import GRAD_CAM, SEGMENTS, Explanation
from webapp.results.scores.explaining import Part, explain, explain_parts
from webapp.results.scores.explanations import Sheet, land
from webapp.runs.models import Run

LABELS = {"a": [0, 0, 1, 1], "b": [0, 0, 0, 0]}
TOLD = {"stride": 1, "targets": [], "rule": "of " + BASELINE_WORDS["normal"]}
FACTS = {
    "rule": "a rule", "first_frame": 0, "frames_per_map": 2, "n_maps": 2, "height": 1, "width": 2,
    "columns": 1, "highest": 0.5, "layer": "", "likeness_to_random": None,
}  # fmt: skip


@pytest.fixture
def run(team: Team) -> Run:
    method = MethodFactory.create(name="rtfm", title="RTFM", supervision="weak", reads="features")
    run = labelled_run(LABELS, team=team, name="First", method=method)
    run.feature_set = FeatureSetFactory.create(dataset=run.dataset)
    run.save()
    CheckpointFactory.create(run=run, is_final=True)
    save_by_name(run, {name: float32(0, 1, 4, 3) for name in LABELS})
    return run


@pytest.fixture
def video(run: Run) -> Video:
    video = run.dataset.videos.get(name="a")
    video.proxy.save("proxy.mp4", ContentFile(b"film"))
    return video


def landed(
    run: Run,
    video: Video,
    folder: Path,
    *,
    kind: str = SEGMENTS,
    target: str = "",
    layer: str = "",
    likeness: float | None = None,
) -> None:
    path = folder / f"{kind}{target}{layer}"
    path.write_text(json.dumps(TOLD) if kind == SEGMENTS else f"picture{layer}")
    facts = FACTS | {"kind": kind, "target": target, "layer": layer, "likeness_to_random": likeness}
    land(run, [Sheet(video_id=video.pk, path=path, facts=facts)])


def test_a_job_is_submitted_and_recorded(run: Run, video: Video, bob: User) -> None:
    job = explain(run=run, video=video, frames=(1, 3), by=bob)

    assert (job.kind, job.subject_id, job.created_by) == ("explain", run.pk, bob)
    assert job.spec == {
        "parts": [{"video": video.pk, "frames": [1, 3], "target": "1-3"}], "layer": "",
        "score_set": run.score_set.pk,
    }  # fmt: skip
    event = AuditEvent.objects.get(act="run.explained")
    assert event.details["video"] == "a"
    run.refresh_from_db()
    assert run.current_job_id != job.pk
    assert not run.stages.filter(kind="explain").exists()


def test_all_frames_are_one_target_however_they_are_named(
    run: Run, video: Video, bob: User
) -> None:
    [part] = explain(run=run, video=video, frames=(0, 4), by=bob).spec["parts"]
    assert part["target"] == ""

    with pytest.raises(ConflictError, match="are being explained"):
        explain(run=run, video=video, by=bob)


def test_what_is_explained_is_not_explained_again(
    run: Run, video: Video, bob: User, tmp_path: Path
) -> None:
    landed(run, video, tmp_path, target="1-3")

    with pytest.raises(ConflictError, match="are explained for First already"):
        explain(run=run, video=video, frames=(1, 3), by=bob)
    explain(run=run, video=video, frames=(1, 4), by=bob)


def test_after_a_job_has_ended_badly_it_can_be_asked_again(
    run: Run, video: Video, bob: User
) -> None:
    job = explain(run=run, video=video, by=bob)
    request_cancel(job=job, by=bob)

    assert explain(run=run, video=video, by=bob).pk != job.pk


def test_by_another_layer_the_same_frames_are_explained_again(
    run: Run, video: Video, bob: User, tmp_path: Path
) -> None:
    landed(run, video, tmp_path)

    assert explain(run=run, video=video, layer="layer3", by=bob).spec["layer"] == "layer3"
    with pytest.raises(ConflictError, match="are being explained"):
        explain(run=run, video=video, layer="layer3", by=bob)
    landed(run, video, tmp_path, kind=GRAD_CAM, layer="layer2")
    with pytest.raises(ConflictError, match="are explained for First already"):
        explain(run=run, video=video, layer="layer2", by=bob)
    with pytest.raises(UserError, match="is no name of a layer"):
        explain(run=run, video=video, layer="layer 2", by=bob)


def test_scores_of_clips_are_explained_by_maps(
    run: Run, video: Video, bob: User, tmp_path: Path
) -> None:
    method = MethodFactory.create(name="os_3dcnn", title="OS-3DCNN", reads="clips")
    run.method, run.feature_set = method, None
    run.save()
    job = explain(run=run, video=video, by=bob)
    request_cancel(job=job, by=bob)
    landed(run, video, tmp_path, kind=GRAD_CAM)

    with pytest.raises(ConflictError, match="are explained for First already"):
        explain(run=run, video=video, by=bob)


def test_one_job_explains_several_parts(run: Run, video: Video, bob: User) -> None:
    other = run.dataset.videos.get(name="b")
    parts = [Part(video=video, frames=(1, 3)), Part(video=other)]

    job = explain_parts(run=run, parts=parts, by=bob)

    assert [(each["video"], each["target"]) for each in job.spec["parts"]] == [
        (video.pk, "1-3"), (other.pk, ""),
    ]  # fmt: skip
    assert AuditEvent.objects.filter(act="run.explained").count() == 2
    with pytest.raises(ConflictError, match="are being explained"):
        explain(run=run, video=other, by=bob)
    with pytest.raises(UserError, match="explains 1 to 12 parts"):
        explain_parts(run=run, parts=[], by=bob)


@pytest.mark.parametrize(
    ("likeness", "words"),
    [
        (-0.12, "the maps are others (rank correlation −0.12): these hang on what was learnt"),
        (0.5, "somewhat alike"), (0.95, "say little of what was learnt"),
    ],
)  # fmt: skip
def test_how_alike_random_weights_are_is_told_in_words(
    as_vera: Client, run: Run, video: Video, tmp_path: Path, likeness: float, words: str
) -> None:
    landed(run, video, tmp_path, kind=GRAD_CAM, layer="rgb", likeness=likeness)

    told = as_vera.get(f"/videos/{video.pk}/explained").json()["maps"]

    [(key, facts)] = told.items()
    assert key == f"{run.pk}:grad_cam::rgb"
    assert facts["name"] == "First · Grad-CAM · rgb"
    assert words in facts["sanity"]
    asked = {"run": run.pk, "kind": "grad_cam", "layer": "rgb"}
    file = as_vera.get(f"/videos/{video.pk}/explanation", asked)
    assert b"".join(file.streaming_content) == b"picturergb"  # type: ignore[attr-defined]
    assert as_vera.get(f"/videos/{video.pk}/explanation", asked | {"layer": ""}).status_code == 404


def test_a_viewer_may_not(run: Run, video: Video, vera: User) -> None:
    with pytest.raises(PermissionDenied):
        explain(run=run, video=video, by=vera)


@pytest.mark.parametrize("frames", [(0, 5), (3, 3), (4, 2)])
def test_frames_that_the_video_has_not(
    run: Run, video: Video, bob: User, frames: tuple[int, int]
) -> None:
    with pytest.raises(UserError, match="are no part of a video of 4 frames"):
        explain(run=run, video=video, frames=frames, by=bob)


def test_runs_that_cannot_be_explained(run: Run, video: Video, bob: User) -> None:
    other = labelled_run({"c": [0, 1]}, team=run.team, dataset=run.dataset)
    with pytest.raises(UserError, match="reads frames"):
        explain(run=other, video=video, by=bob)
    other.method = None
    with pytest.raises(UserError, match="brought in or mixed"):
        explain(run=other, video=video, by=bob)
    run.score_set.delete()
    with pytest.raises(UserError, match="First has no scores of a"):
        explain(run=run, video=video, by=bob)
    run.checkpoints.all().delete()
    with pytest.raises(UserError, match="no checkpoint"):
        explain(run=run, video=video, by=bob)
    assert not Job.objects.filter(kind="explain").exists()


def test_the_page_offers_it_to_those_who_may(
    as_bob: Client, as_vera: Client, run: Run, video: Video
) -> None:
    for client, may in ((as_bob, True), (as_vera, False)):
        page = client.get(f"/videos/{video.pk}")
        assert ("Explain this moment" in page.content.decode()) is may
        state = page.context["data"]["segments"][run.pk]
        assert state == {"targets": [], "explained": [], "why_not": "", "job": None}
        assert page.context["has_heat"]


def test_the_button_leads_back_to_the_frame(as_bob: Client, run: Run, video: Video) -> None:
    asked = {"run": run.pk, "from": "2", "to": "3", "frame": "2", "layer": "layer3"}

    answer = as_bob.post(f"/videos/{video.pk}/explain", asked)

    assert answer.headers["Location"] == f"/videos/{video.pk}?run={run.pk}&f=2"
    state = as_bob.get(f"/videos/{video.pk}").context["data"]["segments"][run.pk]
    job = Job.objects.get(kind="explain")
    assert (state["job"]["url"], state["job"]["is_over"]) == (f"/jobs/{job.pk}", False)
    assert (state["job"]["layer"], state["job"]["targets"]) == ("layer3", ["2-3"])
    assert job.spec["parts"] == [{"video": video.pk, "frames": [2, 3], "target": "2-3"}]
    words = as_bob.post(f"/videos/{video.pk}/explain", asked | {"from": "x"})
    assert (words.status_code, "“x – 3” are no frames." in words.content.decode()) == (422, True)


def test_what_landed_is_known_to_the_page_and_served(
    as_vera: Client, run: Run, video: Video, tmp_path: Path
) -> None:
    landed(run, video, tmp_path)
    landed(run, video, tmp_path, target="1-3")
    landed(run, video, tmp_path, kind=GRAD_CAM, target="1-3")

    answer = as_vera.get(f"/videos/{video.pk}/explained", {"run": run.pk}).json()

    assert answer["segments"][run.pk]["targets"] == ["", "1-3"]
    assert answer["segments"][run.pk]["explained"] == [["", ""], ["1-3", ""], ["1-3", ""]]
    [(key, facts)] = answer["maps"].items()
    assert key == f"{run.pk}:grad_cam:1-3"
    assert (facts["run"], facts["name"]) == (run.pk, "First · Grad-CAM 1–2")
    address = f"/videos/{video.pk}/explanation"
    asked = {"run": run.pk, "kind": "segments", "target": "1-3"}
    file = as_vera.get(address, asked)
    assert file.headers["Content-Type"] == "application/json"
    assert json.loads(b"".join(file.streaming_content)) == TOLD  # type: ignore[attr-defined]
    assert as_vera.get(address, asked | {"target": "9"}).status_code == 404
    assert as_vera.get(address, asked | {"kind": "x"}).status_code == 404
    assert as_vera.get(address, {"run": run.pk}).status_code == 404  # no errors


def test_strangers_get_nothing(as_charlie: Client, run: Run, video: Video, tmp_path: Path) -> None:
    landed(run, video, tmp_path)

    assert as_charlie.get(f"/videos/{video.pk}/explained").status_code == 404
    asked = {"run": run.pk, "kind": "segments"}
    assert as_charlie.get(f"/videos/{video.pk}/explanation", asked).status_code == 404
    assert as_charlie.post(f"/videos/{video.pk}/explain", {"run": run.pk}).status_code == 404


def test_files_lie_apart_by_kind_and_frames(run: Run, video: Video, tmp_path: Path) -> None:
    for kind, target in ((SEGMENTS, ""), (SEGMENTS, "1-3"), (GRAD_CAM, "1-3")):
        landed(run, video, tmp_path, kind=kind, target=target)

    names = sorted(each.sheet.name.partition(f"{run.pk}/")[2] for each in Explanation.objects.all())

    assert names == [
        f"grad-cam/{video.pk}-1-3.png", f"segments/{video.pk}-1-3.json",
        f"segments/{video.pk}.json",
    ]  # fmt: skip


def test_it_is_asked_and_read_over_rest(
    run: Run, video: Video, bob: User, vera: User, tmp_path: Path
) -> None:
    from webapp.accounts import services

    def client(user: User, scope: str) -> Client:
        _token, secret = services.create_token(team=run.team, name="x", scope=scope, by=user)
        return Client(headers={"authorization": f"Bearer {secret}"})

    address = f"/api/v1/runs/{run.pk}/explanations/{video.pk}"
    member, viewer = client(bob, "submit"), client(vera, "read")

    def asked(body: dict[str, Any]) -> Any:
        return member.post(address, body, "application/json")

    answer = asked({"from_frame": 1, "to_frame": 3})
    assert (answer.status_code, answer.json()["kind"]) == (202, "explain")
    assert asked({"from_frame": 1, "to_frame": 3}).status_code == 409
    assert asked({"from_frame": 1}).status_code in (400, 422)
    landed(run, video, tmp_path, target="1-3")
    wanted = {"kind": "segments", "target": "1-3"}
    found = viewer.get(address, wanted).json()
    assert (found["kind"], found["target"], found["segments"]) == ("segments", "1-3", TOLD)
    assert viewer.get(address, wanted | {"format": "png"}).status_code == 404
    assert viewer.get(address, {"kind": "segments"}).status_code == 404
