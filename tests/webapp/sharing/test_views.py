"""The members' side: making, listing and revoking."""

from __future__ import annotations

import re
from html import unescape

import pytest

from tests.webapp.sharing.conftest import moment_of
from webapp.sharing.models import ShareLink

ADDRESS = re.compile(r'id="address">[^<]*(/s/[\w-]+)<')
BUTTON = re.compile(r'href="(/share/new\?[^"]+)"')


def make(client, query: str, **answers) -> str:
    """The path of the new link."""
    page = client.post(f"/share/new?{query}", {"expires": "30"} | answers)
    assert page.status_code == 200, page.content.decode()
    [path] = ADDRESS.findall(page.content.decode())
    return path


@pytest.fixture
def pages(run, rival, video) -> dict[str, str]:
    """Where a “Share” button is, by the kind of what it shares."""
    return {
        "run": f"/runs/{run.pk}",
        "comparison": f"/compare?run={run.pk}&run={rival.pk}&protocol=frame-ap",
        "leaderboard": f"/leaderboards/{run.dataset_id}?protocol=frame-ap",
        "moment": f"/videos/{video.pk}?run={run.pk}",
    }


def test_each_page_shares_what_it_shows(pages, as_bob, client, run, rival, video):
    for kind, page in pages.items():
        [address] = BUTTON.findall(as_bob.get(page).content.decode())
        path = make(as_bob, unescape(address).partition("?")[2])
        assert ShareLink.objects.first().kind == kind
        assert client.get(path).status_code == 200
    by_kind = {link.kind: link.target for link in ShareLink.objects.all()}
    assert by_kind["run"] == {"runs": [run.pk]}
    assert by_kind["comparison"]["runs"] == [run.pk, rival.pk]
    assert by_kind["comparison"]["video"] in {each.pk for each in run.dataset.videos.all()}
    assert by_kind["leaderboard"]["dataset"] == run.dataset_id
    assert by_kind["leaderboard"]["protocol"] == by_kind["comparison"]["protocol"]
    assert by_kind["moment"]["runs"] == [run.pk]


def test_viewers_see_no_button(pages, as_vera):
    for page in pages.values():
        assert BUTTON.findall(as_vera.get(page).content.decode()) == []


def test_the_address_is_shown_once(as_bob, run):
    path = make(as_bob, f"kind=run&run={run.pk}", note="for Dana")
    page = as_bob.get("/share").content.decode()
    assert "for Dana" in page
    assert path not in page


def test_keeps_place_and_choices(as_bob, run, video):
    query = f"kind=moment&video={video.pk}&run={run.pk}&f=2&from=1&to=4&t=0.25"
    make(as_bob, query, expires="never", includes_video="on", note="look")
    link = ShareLink.objects.get()
    place = {"window": [1, 4], "threshold": 0.25}
    assert link.target == moment_of(video, run, **place)
    assert (link.expires_at, link.includes_video, link.note) == (None, True, "look")
    assert link.created_by.name == "Bob"


def test_only_a_moment_asks_about_the_video(as_bob, run, video):
    asked = f"video={video.pk}&run={run.pk}"
    assert "includes_video" in as_bob.get(f"/share/new?kind=moment&{asked}").content.decode()
    assert "includes_video" not in as_bob.get(f"/share/new?kind=run&{asked}").content.decode()


@pytest.mark.parametrize("answers", [{"expires": "10000"}, {"note": "a" * 201}])
def test_shows_what_is_wrong_with_an_answer(as_bob, run, answers):
    page = as_bob.post(f"/share/new?kind=run&run={run.pk}", {"expires": "30"} | answers)
    assert "field__error" in page.content.decode()
    assert not ShareLink.objects.exists()


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("kind=everything", 404),
        ("kind=run", 404),
        ("kind=run&run=run_0", 404),
        ("kind=moment&video={video}", 422),
        ("kind=moment&video={video}&run={run}&f=noon", 400),
        ("kind=moment&video={video}&run={run}&f=99", 422),
        ("kind=leaderboard&dataset={dataset}&protocol=none", 404),
    ],
)
def test_addresses_that_name_nothing(as_bob, run, video, query, status):
    query = query.format(run=run.pk, video=video.pk, dataset=run.dataset_id)
    assert as_bob.get(f"/share/new?{query}").status_code == status


def test_notes_and_names_are_text(as_bob, run, client):
    type(run).objects.filter(pk=run.pk).update(name='<img src=x onerror="alert(1)">')
    path = make(as_bob, f"kind=run&run={run.pk}", note="<script>alert(1)</script>")
    for page in (as_bob.get("/share"), client.get(path), as_bob.get(f"/runs/{run.pk}")):
        html = page.content.decode()
        assert "<img src=x" not in html
        assert "<script>alert" not in html
    assert "&lt;script&gt;alert(1)" in as_bob.get("/share").content.decode()


def test_revokes_from_the_list(as_bob, as_vera, run_path, client):
    link = ShareLink.objects.get()
    action = f"/share/{link.pk}/revoke"
    assert action not in as_vera.get("/share").content.decode()
    assert action in as_bob.get("/share").content.decode()
    page = as_bob.post(action, follow=True).content.decode()
    assert "The link was revoked" in page
    assert action not in page
    assert client.get(run_path).status_code == 404


def test_lists_the_team_alone(as_charlie, as_vera, run_path, run):
    assert "Nothing is shared" in as_charlie.get("/share").content.decode()
    assert "Ramp" in as_vera.get("/share").content.decode()
