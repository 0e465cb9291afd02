import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db.models.fields.files import FieldFile
from django.http import Http404
from django.test import RequestFactory

from webapp.common.ranges import CHUNK_BYTES, file_response
from webapp.datasets.models import Video

CONTENT = bytes(range(256)) * 4


@pytest.fixture
def file():
    return stored(CONTENT)


def stored(content):
    name = default_storage.save("datasets/ds/vid/proxy.mp4", ContentFile(content))
    return FieldFile(Video(), Video._meta.get_field("proxy"), name)


def answer(file, *, method="get", **headers):
    request = getattr(RequestFactory(), method)("/videos/vid/stream", headers=headers)
    return file_response(request, file, content_type="video/mp4")


def body(response):
    return b"".join(response.streaming_content)


def test_file_response_whole_file(file):
    response = answer(file)

    assert response.status_code == 200
    assert body(response) == CONTENT
    assert response["Content-Length"] == "1024"
    assert response["Accept-Ranges"] == "bytes"


def test_file_response_headers_leave_nothing_to_guess(file):
    response = answer(file)

    assert response["Content-Type"] == "video/mp4"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Cache-Control"].startswith("private")
    assert "sandbox" in response["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("wanted", "first", "last"),
    [
        ("bytes=0-99", 0, 99),
        ("bytes=0-0", 0, 0),
        ("bytes=1000-", 1000, 1023),
        ("bytes=1000-999999", 1000, 1023),
        ("bytes=-24", 1000, 1023),
        ("bytes=-5000", 0, 1023),
        ("Bytes=10-20", 10, 20),
    ],
)
def test_file_response_part(file, wanted, first, last):
    response = answer(file, range=wanted)

    assert response.status_code == 206
    assert response["Content-Range"] == f"bytes {first}-{last}/1024"
    assert response["Content-Length"] == str(last - first + 1)
    assert body(response) == CONTENT[first : last + 1]


@pytest.mark.parametrize("wanted", ["bytes=1024-", "bytes=5000-6000", "bytes=-0"])
def test_file_response_past_the_end(file, wanted):
    response = answer(file, range=wanted)

    assert response.status_code == 416
    assert response["Content-Range"] == "bytes */1024"


@pytest.mark.parametrize(
    "wanted",
    [
        "bytes=0-9,20-29",
        "bytes=9-0",
        "bytes=-",
        "bytes=a-b",
        "frames=0-9",
        "",
        "bytes=0-" + "9" * 5000,
    ],
)
def test_file_response_range_not_understood_gets_whole_file(file, wanted):
    response = answer(file, range=wanted)

    assert response.status_code == 200
    assert body(response) == CONTENT


def test_file_response_range_larger_than_a_chunk():
    content = bytes(3 * CHUNK_BYTES)

    response = answer(stored(content), range=f"bytes=1-{2 * CHUNK_BYTES}")

    assert len(body(response)) == 2 * CHUNK_BYTES


def test_file_response_if_range_of_same_file(file):
    etag = answer(file)["ETag"]

    assert answer(file, range="bytes=0-9", if_range=etag).status_code == 206


def test_file_response_if_range_of_other_file(file):
    response = answer(file, range="bytes=0-9", if_range='"another"')

    assert response.status_code == 200
    assert body(response) == CONTENT


def test_file_response_not_modified(file):
    etag = answer(file)["ETag"]

    response = answer(file, if_none_match=etag)

    assert response.status_code == 304
    assert response["ETag"] == etag


def test_file_response_head(file):
    response = answer(file, method="head", range="bytes=0-9")

    assert (response.status_code, response.content) == (200, b"")
    assert response["Content-Length"] == "1024"


@pytest.mark.parametrize("method", ["get", "head"])
def test_file_response_empty_file(method):
    response = answer(stored(b""), method=method)

    assert (response.status_code, response["Content-Length"]) == (200, "0")


def test_file_response_range_of_empty_file():
    assert answer(stored(b""), range="bytes=0-0").status_code == 416


@pytest.mark.parametrize("name", ["", "datasets/ds/vid/gone.mp4"])
def test_file_response_absent_file(name):
    with pytest.raises(Http404):
        answer(FieldFile(Video(), Video._meta.get_field("proxy"), name))
