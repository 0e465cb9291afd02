import pytest
from django.core.files.base import ContentFile

from tests.factories.datasets import DatasetFactory, VideoFactory

CONTENT = b"not really a video, but long enough to be cut into parts"
FILES = {"poster": "image/jpeg", "contact-sheet": "image/jpeg", "stream": "video/mp4"}


@pytest.fixture
def video(team):
    video = VideoFactory.create(dataset=DatasetFactory.create(team=team))
    for field in (video.proxy, video.poster, video.contact_sheet):
        field.save(f"{field.field.name}.bin", ContentFile(CONTENT))
    return video


@pytest.mark.parametrize(("file", "content_type"), FILES.items())
def test_media_is_sent_as_what_we_made_it(as_vera, video, file, content_type):
    response = as_vera.get(f"/videos/{video.pk}/{file}")

    assert response.status_code == 200
    assert response.getvalue() == CONTENT
    assert response["Content-Type"] == content_type
    assert response["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("file", FILES)
def test_media_is_hidden_from_strangers(as_charlie, video, file):
    assert as_charlie.get(f"/videos/{video.pk}/{file}").status_code == 404


@pytest.mark.parametrize("file", FILES)
def test_media_asks_anonymous_to_log_in(client, video, file):
    assert client.get(f"/videos/{video.pk}/{file}").status_code == 302


@pytest.mark.parametrize("file", FILES)
def test_media_of_rejected_video_is_not_found(as_vera, team, file):
    video = VideoFactory.create(dataset__team=team, status="rejected")

    assert as_vera.get(f"/videos/{video.pk}/{file}").status_code == 404


def test_stream_in_parts(as_vera, video):
    response = as_vera.get(f"/videos/{video.pk}/stream", headers={"range": "bytes=4-9"})

    assert response.status_code == 206
    assert response.getvalue() == CONTENT[4:10]


def test_stream_head_tells_the_length(as_vera, video):
    response = as_vera.head(f"/videos/{video.pk}/stream")

    assert response["Content-Length"] == str(len(CONTENT))
    assert response["Accept-Ranges"] == "bytes"


def test_stream_takes_no_post(as_vera, video):
    assert as_vera.post(f"/videos/{video.pk}/stream").status_code == 405
