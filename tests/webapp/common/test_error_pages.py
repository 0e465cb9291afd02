"""Every error says what happened, what to do and under which id it is recorded."""

import pytest
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db import OperationalError
from django.test import Client
from django.urls import include, path

from tests.conftest import logged_in
from webapp import urls

FAULTS = {
    "400": SuspiciousOperation("The address is too long."),
    "403": PermissionDenied("Your role in Corridor lab does not allow: run.submit."),
    "500": RuntimeError("secret detail"),
    "503": OperationalError("connection refused"),
}


@login_not_required
def fail(request, code):
    raise FAULTS[code]


urlpatterns = [path("fail/<str:code>", fail), path("", include(urls.urlpatterns))]
handler400, handler403 = urls.handler400, urls.handler403
handler404, handler500 = urls.handler404, urls.handler500

pytestmark = pytest.mark.urls(__name__)


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        ("400", "Nothing was changed"),
        ("403", "does not allow: run.submit"),
        ("500", "give the request id to whoever runs this installation"),
        ("503", "Nothing stored is lost"),
    ],
)
@pytest.mark.parametrize("is_logged_in", [True, False])
def test_error_page_says_what_to_do(alice, code, sentence, is_logged_in):
    client = logged_in(alice) if is_logged_in else Client()
    client.raise_request_exception = False
    response = client.get(f"/fail/{code}")
    assert response.status_code == int(code)
    assert sentence in response.text
    assert response["X-Request-Id"] in response.text


@pytest.mark.parametrize("address", ["/team/switch", "/runs/new", "/runs/new/equivalent"])
def test_nul_in_a_form_is_a_fault_of_the_sender(as_alice, address):
    response = as_alice.post(address, {"team": "\0", "method": "\0"})
    assert response.status_code == 400
    assert "NUL byte" in response.text


def test_server_error_tells_no_detail_and_asks_no_database(db, django_assert_num_queries):
    client = Client(raise_request_exception=False)
    with django_assert_num_queries(0):
        response = client.get("/fail/500")
    assert "secret detail" not in response.text


def test_unavailable_says_when_to_come_back(db):
    response = Client(raise_request_exception=False).get("/fail/503")
    assert int(response["Retry-After"]) > 0


def test_not_found_keeps_the_frame_for_who_is_logged_in(as_alice):
    page = as_alice.get("/nothing/here").text
    assert "Nothing is here" in page
    assert 'id="rail"' in page


def test_not_found_shows_strangers_no_frame(db):
    page = Client().get("/nothing/here").text
    assert "Nothing is here" in page
    assert 'id="rail"' not in page
