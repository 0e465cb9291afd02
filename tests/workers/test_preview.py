"""Previews of clips with a real child: made once, shown to whoever may see the video."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client

from tests.factories.datasets import DatasetFactory, VideoFactory
from tests.toys import moving_square_video
from webapp.accounts.models import Team, User
from webapp.common.errors import UserError
from webapp.datasets.models import ClipPreview, Video
from webapp.datasets.previewing import preview
from webapp.jobs import services as jobs
from webapp.jobs.models import WorkerNode
from workers import supervisor

pytestmark = pytest.mark.django_db(transaction=True)
WHOLE = {"left": None, "top": None, "width": None, "height": None}
SMALL = {"picture_size": 32, "clip_length": 4, "frame_rate": 0}


@pytest.fixture
def video(team: Team, tmp_path: Path, settings: Any) -> Video:
    settings.DATA_ROOTS = [tmp_path]
    moving_square_video(tmp_path / "a.mp4", 20)
    dataset = DatasetFactory.create(team=team, folder=str(tmp_path))
    return VideoFactory.create(dataset=dataset, name="a", n_frames=20, width=64, height=48)


@pytest.fixture
def worker(settings: Any) -> WorkerNode:
    settings.WORKER_THREADS = 1
    return jobs.announce("lab1:100", queues=["cpu"], slots=1, facts={})


def clip(**changes: Any) -> dict[str, Any]:
    return {"start_frame": 0, "end_frame": 8, **WHOLE} | changes


def test_it_is_made_once_and_shown(
    video: Video, as_bob: Client, as_vera: Client, as_charlie: Client, worker: WorkerNode
) -> None:
    address = f"/videos/{video.pk}/preview"
    assert as_vera.get(address).status_code == 403
    form = {"start_frame": 0, "last_frame": 7, "left": 2, "top": 3, "width": 30, "height": 40,
            "contrast": "clahe", "difference": "signed", "flow_by": "dis", **SMALL}  # fmt: skip

    first = as_bob.post(address, form)
    page = as_vera.get(first["Location"]).content.decode()
    assert "A job makes it" in page
    supervisor.run_next("cpu", worker=worker)

    made = ClipPreview.objects.get()
    assert made.job is not None
    assert (made.state, made.job.reason) == ("ready", "")
    assert made.frames == [0, 2, 4, 6]
    assert made.clip["box"] == {"left": 2, "top": 3, "width": 30, "height": 40}
    page = as_vera.get(first["Location"]).content.decode()
    assert "Optical flow" in page
    assert "a box of 30 × 40 pixels at (2, 3)" in page
    sheet = as_vera.get(f"/previews/{made.pk}/sheet")
    assert sheet["Content-Type"] == "image/png"
    assert b"".join(sheet.streaming_content).startswith(b"\x89PNG")
    assert as_charlie.get(f"/previews/{made.pk}/sheet").status_code == 404
    assert as_bob.post(address, form)["Location"] == first["Location"]
    assert ClipPreview.objects.count() == 1
    answer = as_vera.get(f"/api/v1/previews/{made.pk}").json()
    assert (answer["state"], answer["rows"][0]) == ("ready", "RGB")


def test_what_fails_may_be_asked_for_again(video: Video, bob: User, worker: WorkerNode) -> None:
    path = Path(video.dataset.folder) / "a.mp4"
    content = path.read_bytes()
    path.write_bytes(b"no video")
    made = preview(video=video, clip=clip(), options=SMALL, by=bob)
    supervisor.run_next("cpu", worker=worker)
    made = ClipPreview.objects.get()
    assert made.state == "failed"
    path.write_bytes(content)

    again = preview(video=video, clip=clip(), options=SMALL, by=bob)
    supervisor.run_next("cpu", worker=worker)

    assert again == made
    assert ClipPreview.objects.get().state == "ready"


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"end_frame": 21}, "frames [0, 21) of 20"),
        ({"end_frame": 1}, "A clip of a single frame shows no motion"),
        ({"left": 60, "top": 0, "width": 9, "height": 9}, "a box up to (69, 9)"),
        ({"left": 6, "top": 0, "width": 0, "height": 9}, "is empty"),
    ],
)
def test_what_is_refused(video: Video, bob: User, changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(UserError) as caught:
        preview(video=video, clip=clip(**changes), options=SMALL, by=bob)

    assert sentence in caught.value.sentence
    assert not ClipPreview.objects.exists()


def test_a_viewer_may_not(video: Video, vera: User) -> None:
    with pytest.raises(PermissionDenied):
        preview(video=video, clip=clip(), options=SMALL, by=vera)


def test_over_rest(video: Video, as_bob: Client) -> None:
    body = {"start_frame": 0, "end_frame": 8, "options": SMALL}

    answer = as_bob.post(
        f"/api/v1/videos/{video.pk}/previews", body, content_type="application/json"
    )

    assert answer.status_code == 202, answer.content
    made = ClipPreview.objects.get()
    assert answer.json()["result_url"] == f"/api/v1/previews/{made.pk}"
    assert made.options == SMALL
