"""What an outsider with a link sees: exactly one thing, and nothing more."""

from __future__ import annotations

import re
import time
from datetime import timedelta
from types import SimpleNamespace

import numpy as np
import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests.factories.results import explain
from tests.webapp.routes import ROUTES
from tests.webapp.sharing.conftest import moment_of, protocol_id
from webapp.common import limits
from webapp.datasets.models import AnnotationSet
from webapp.pages import shared
from webapp.sharing import opened
from webapp.sharing.models import ShareLink

BELOW = ("curve", "scores", "alarms", "explanation", "stream", "poster", "contact-sheet")
HEADERS = {
    "X-Robots-Tag": "noindex, nofollow, noarchive",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "private, no-store",
}
ADDRESS = re.compile(r'(?:href|src|action|data-url|data-figure-url|poster)="([^"]*)"')
# What the page's scripts and sheets fetch for everybody, with or without a link.
OPEN_TO_ALL = ("/static/", "#", "data:")


@pytest.fixture
def paths(share, run, rival, video) -> dict[str, str]:
    """One link of each kind."""
    both = {"runs": [run.pk, rival.pk], "protocol": protocol_id(), "video": video.pk}
    board = {"dataset": run.dataset_id, "protocol": protocol_id()}
    return {
        "run": share("run", {"runs": [run.pk]}),
        "comparison": share("comparison", both),
        "leaderboard": share("leaderboard", board),
        "moment": share("moment", moment_of(video, run), includes_video=True),
    }


def below(path: str, video, name: str, **query) -> str:
    asked = "&".join(f"{key}={value}" for key, value in query.items())
    return f"{path}/videos/{video.pk}/{name}?{asked}"


def assert_closed(response) -> None:
    assert response.status_code == 404
    assert "This link is not valid, or not any more" in response.content.decode()
    assert private_headers(response) == HEADERS


def private_headers(response) -> dict[str, str | None]:
    return {name: response.headers.get(name) for name in HEADERS}


# --- What is shown


def test_shows_the_results_of_a_run(paths, run, video, client):
    page = client.get(paths["run"]).content.decode()
    evaluation = run.score_set.evaluations.get(protocol__slug="frame-raw")
    assert f"{evaluation.metrics['auroc']:.3f}" in page
    for shown in ("Ramp", "gate", "yard", "roc-figure", "Shared by Corridor lab"):
        assert shown in page


def test_selected_on_test_is_said_to_outsiders_too(paths, run, client):
    type(run).objects.filter(pk=run.pk).update(selection="test")
    for kind in ("run", "comparison", "leaderboard"):
        assert "selected on test" in client.get(paths[kind]).content.decode()


def test_shows_a_comparison(paths, client):
    page = client.get(paths["comparison"]).content.decode()
    for shown in ("Ramp", "Noise", "roc-figure", "pr-figure"):
        assert shown in page


def test_shows_a_leaderboard_that_goes_on(paths, client):
    page = client.get(paths["leaderboard"]).content.decode()
    assert "This board is live" in page
    assert page.index("Ramp") < page.index("Noise")


def test_shows_a_moment_where_it_was_shared(share, run, video, client):
    path = share("moment", moment_of(video, run, window=[1, 4], threshold=0.5))
    data = client.get(path).context["data"]
    assert (data["frame"], data["window"], data["threshold"]) == (2, [1, 4], 0.5)
    assert data["shown"] == [run.pk]


def test_a_visitor_goes_on_from_there(share, run, video, client):
    path = share("moment", moment_of(video, run, window=[1, 4], threshold=0.5))
    data = client.get(f"{path}?run={run.pk}&f=3").context["data"]
    assert (data["frame"], data["window"], data["threshold"]) == (3, [0, 4], None)


def test_words_that_others_add_to_the_address_change_nothing(share, run, video, client):
    path = share("moment", moment_of(video, run, window=[1, 4], threshold=0.5))
    data = client.get(f"{path}?utm_source=mail&fbclid=x").context["data"]
    assert (data["frame"], data["window"], data["threshold"]) == (2, [1, 4], 0.5)


def test_what_the_page_of_a_moment_fetches(moment_path, run, video, client):
    assert client.get(below(moment_path, video, "curve", run=run.pk)).json()["data"]
    scores = client.get(below(moment_path, video, "scores", run=run.pk))
    assert len(scores.content) == 4 * 4
    alarms = client.get(below(moment_path, video, "alarms", run=run.pk, threshold=0.5)).json()
    assert alarms["n_found_events"] == 1


def test_a_moment_goes_by_the_times_of_its_video(moment_path, run, video, client):
    video.pts_seconds = np.array([0.5, 0.54, 60.5, 60.54], "<f8").tobytes()
    video.save()
    page = client.get(moment_path)
    [event] = page.context["page"].events  # frames 2 and 3
    assert (event.start_seconds, event.seconds) == (pytest.approx(60.5), pytest.approx(0.08))
    assert page.context["data"]["clock"] == {"first": 500, "gaps": [40, 1, 59_960, 1, 40, 1]}
    alarms = client.get(below(moment_path, video, "alarms", run=run.pk, threshold=0.15)).json()
    assert (alarms["n_alarms"], alarms["n_false_alarms"]) == (2, 1)  # a pause is between them
    assert alarms["false_alarms_per_hour"] == pytest.approx(3_600 / 60.08)


def test_a_moment_with_its_picture_has_the_heat_map(share, run, rival, video, client):
    explain(run, {video: None})
    explain(rival, {video: None})
    path = share("moment", moment_of(video, run), includes_video=True)
    data = client.get(path).context["data"]
    assert list(data["maps"]) == [run.pk]
    sheet = client.get(below(path, video, "explanation", run=run.pk))
    assert (sheet.status_code, sheet.headers["Content-Type"]) == (200, "image/png")
    assert private_headers(sheet) == HEADERS
    assert_closed(client.get(below(path, video, "explanation", run=rival.pk)))


def test_a_moment_has_the_map_that_a_layer_gives(share, run, video, client):
    explain(run, {video: None}, kind="grad_cam", layer="rgb", likeness=0.9)
    path = share("moment", moment_of(video, run), includes_video=True)
    [(key, facts)] = client.get(path).context["data"]["maps"].items()
    assert key == f"{run.pk}:grad_cam::rgb"
    assert "say little of what was learnt" in facts["sanity"]
    asked = {"run": run.pk, "kind": "grad_cam", "layer": "rgb"}
    assert client.get(below(path, video, "explanation", **asked)).status_code == 200
    assert_closed(client.get(below(path, video, "explanation", **asked | {"layer": ""})))


def test_without_its_picture_a_moment_has_no_heat_map(share, run, video, client):
    explain(run, {video: None})
    path = share("moment", moment_of(video, run), includes_video=False)
    answer = client.get(path)
    assert answer.context["data"]["maps"] == {}
    assert "explanation" not in answer.content.decode()
    assert_closed(client.get(below(path, video, "explanation", run=run.pk)))


def test_media_come_whole_and_in_ranges(moment_path, video, client):
    whole = client.get(below(moment_path, video, "stream"))
    assert whole.getvalue() == b"the proxy of gate"
    part = client.get(below(moment_path, video, "stream"), headers={"range": "bytes=4-8"})
    assert (part.status_code, part.getvalue()) == (206, b"proxy")
    assert client.get(below(moment_path, video, "poster")).getvalue() == b"the poster of gate"
    sheet = client.get(below(moment_path, video, "contact-sheet"))
    assert sheet.getvalue() == b"the contact_sheet of gate"


def test_every_answer_says_that_it_is_private(paths, run, video, client):
    explain(run, {video: None})
    asked = [*paths.values(), *(below(paths["moment"], video, name, run=run.pk) for name in BELOW)]
    for path in asked:
        response = client.get(path)
        assert response.status_code == 200
        assert private_headers(response) == HEADERS
    for path in paths.values():
        assert '<meta name="robots" content="noindex' in client.get(path).content.decode()


# --- And nothing more


def test_pages_lead_only_to_what_the_link_opens(paths, client):
    for path in paths.values():
        page = client.get(path).content.decode()
        addresses = [each for each in ADDRESS.findall(page) if each]
        strange = [each for each in addresses if not each.startswith((path, "?", *OPEN_TO_ALL))]
        assert strange == []
        for address in addresses:
            if address.startswith(path):
                assert client.get(address.replace("&amp;", "&")).status_code == 200


def test_pages_tell_nothing_about_people_or_files(paths, run, video, alice, bob, client):
    run.created_by = bob
    run.save()
    AnnotationSet.objects.update(source="our own labels: labels_of_dana.csv")
    ShareLink.objects.update(note="for <b>Dana</b>")
    secret = run.current_job_id
    for path in paths.values():
        page = client.get(path).content.decode()
        for hidden in (
            alice.email, bob.email, "Bob", "Dana", "labels_of", secret, video.path, "csrf",
        ):  # fmt: skip
            assert hidden not in page


def test_a_comparison_tells_facts_but_no_settings(paths, run, rival, as_bob, client):
    for each, epochs in ((run, 3), (rival, 7)):
        type(run).objects.filter(pk=each.pk).update(seed=epochs, config={"hidden_layers": epochs})
    members = as_bob.get(f"/compare?run={run.pk}&run={rival.pk}").content.decode()
    assert "hidden_layers" in members
    page = client.get(paths["comparison"]).content.decode()
    assert ">seed<" in page
    assert "hidden_layers" not in page


def test_a_mix_does_not_name_the_runs_it_is_made_of(share, run, rival, bob, client):
    from webapp.results.scores.virtual import create_virtual_run

    recipe = {"members": [{"run": each.pk, "weight": 1} for each in (run, rival)]}
    mix = create_virtual_run(team=run.team, name="Mix", recipe=recipe, by=bob)
    page = client.get(share("run", {"runs": [mix.pk]})).content.decode()
    assert "Mix" in page
    assert "Noise" not in page


def test_the_rest_of_the_site_stays_closed(paths, run, video, rival, client):
    """With whatever cookies the pages of the links left behind, which is none."""
    for path in paths.values():
        client.get(path)
    values = {
        "run_id": run.pk, "dataset_id": run.dataset_id, "video_id": video.pk, "format": "csv",
        "job_id": run.current_job_id, "split_id": run.split_id, "name": run.method_id,
        "annotation_set_id": run.annotation_set_id, "link_id": ShareLink.objects.first().pk,
        "membership_id": 1, "invitation_id": 1, "draft_id": "x", "token_id": "x",
        "protocol_id": protocol_id(), "secret": "unknown", "slug": "frame-raw",
    }  # fmt: skip
    public = {"health", "accounts:login", "accounts:login_link", "api:schema", "api:docs"}
    for route in set(ROUTES) - public:
        address = reverse(route, kwargs={name: values.get(name, "x") for name in ROUTES[route]})
        assert client.get(address).status_code in {302, 401, 404, 405, 410}, route
    assert client.cookies == {}


def test_a_link_opens_neither_another_video_nor_another_run(
    moment_path, run, rival, video, other_video, client
):
    for name in BELOW:
        assert_closed(client.get(below(moment_path, other_video, name, run=run.pk)))
    for name in ("curve", "scores", "alarms"):
        assert_closed(client.get(below(moment_path, video, name, run=rival.pk, threshold=0.5)))
    both = f"{below(moment_path, video, 'curve', run=run.pk)}&run={rival.pk}"
    assert_closed(client.get(both))
    assert_closed(client.get(f"{moment_path}?run={rival.pk}"))


def test_a_comparison_shows_curves_of_its_video_alone(
    paths, run, rival, video, other_video, client
):
    path = paths["comparison"]
    assert client.get(below(path, video, "curve", run=run.pk)).status_code == 200
    assert_closed(client.get(below(path, other_video, "curve", run=run.pk)))
    for name in ("scores", "alarms", "explanation", "stream", "poster", "contact-sheet"):
        assert_closed(client.get(below(path, video, name, run=run.pk, threshold=0.5)))


def test_other_kinds_show_no_video(paths, run, video, client):
    for kind in ("run", "leaderboard"):
        for name in BELOW:
            assert_closed(client.get(below(paths[kind], video, name, run=run.pk)))


def test_without_its_video_a_moment_has_curves_alone(share, run, video, client):
    path = share("moment", moment_of(video, run), includes_video=False)
    page = client.get(path).content.decode()
    assert "There is no picture here" in page
    assert "<video" not in page
    for name in ("stream", "poster", "contact-sheet"):
        assert name not in page
        assert_closed(client.get(below(path, video, name)))
    assert client.get(below(path, video, "curve", run=run.pk)).status_code == 200


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_nothing_can_be_changed_through_a_link(paths, method, client):
    for path in paths.values():
        assert getattr(client, method)(path).status_code == 405


def test_a_broken_address_is_not_valid(moment_path, video, run, client):
    assert_closed(client.get(f"{moment_path}?run={run.pk}&f=noon"))
    assert_closed(client.get(below(moment_path, video, "curve", run=run.pk, **{"from": "x"})))


# --- Links that do not work


def test_unknown_altered_revoked_and_expired_look_the_same(share, run, client):
    kept, revoked, expired = (share("run", {"runs": [run.pk]}) for _ in range(3))
    newest, middle, _oldest = ShareLink.objects.all()
    ShareLink.objects.filter(pk=newest.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    ShareLink.objects.filter(pk=middle.pk).update(revoked_at=timezone.now())
    altered = kept[:-1] + ("A" if kept[-1] != "A" else "B")
    lower = kept.lower()
    wrong = ["/s/unknown", altered, lower, kept[:-1], f"{kept}x", revoked, expired]
    answers = [client.get(path) for path in wrong]
    for answer in answers:
        assert_closed(answer)
    assert len({answer.content for answer in answers}) == 1


def test_logs_keep_no_secret(moment_path, other_video, client, caplog):
    client.get(below(moment_path, other_video, "stream"))
    client.get(f"{moment_path}/")
    client.post(moment_path)
    Client(enforce_csrf_checks=True).post(moment_path)
    client.get(f"{moment_path}%00")
    assert "/s/…" in caplog.text
    assert moment_path.rpartition("/")[2] not in caplog.text


def test_a_fault_of_the_site_tells_nothing(run_path, monkeypatch, caplog):
    def fail(link):
        raise RuntimeError("broken")

    monkeypatch.setattr(shared, "count_view", fail)
    answer = Client(raise_request_exception=False).get(run_path)
    assert answer.status_code == 500
    assert private_headers(answer) == HEADERS
    assert "broken" in caplog.text
    assert run_path.rpartition("/")[2] not in caplog.text


@pytest.mark.parametrize("rest", ["/", "/videos", "/videos/", "/export.csv", "//", "/../share"])
def test_nothing_else_lies_below_a_link(run_path, rest, client):
    """Not the members' page of what is not there, which leads to the login."""
    assert_closed(client.get(run_path + rest))


def test_refused_methods_and_addresses_are_private_too(moment_path, video, client):
    for method in ("post", "put", "patch", "delete", "options"):
        answer = getattr(client, method)(moment_path)
        assert (answer.status_code, private_headers(answer)) == (405, HEADERS)
    for address in (f"{moment_path}%00", below(moment_path, video, "curve", run="%00")):
        answer = client.get(address)
        assert (answer.status_code, private_headers(answer)) == (400, HEADERS)
    past_the_end = {"range": "bytes=999-"}
    answer = client.get(below(moment_path, video, "stream"), headers=past_the_end)
    assert (answer.status_code, private_headers(answer)) == (416, HEADERS)


def test_the_way_to_https_is_private_too(run_path, client, settings):
    settings.SECURE_SSL_REDIRECT = True
    answer = client.get(run_path)
    assert (answer.status_code, private_headers(answer)) == (301, HEADERS)


def test_a_kept_picture_is_not_valid_after_the_end(moment_path, video, client):
    """A browser that kept it, in spite of all, learns nothing by asking whether it is current."""
    etag = client.get(below(moment_path, video, "poster")).headers["ETag"]
    kept = {"if-none-match": etag}
    assert client.get(below(moment_path, video, "poster"), headers=kept).status_code == 304
    ShareLink.objects.update(expires_at=timezone.now())
    assert_closed(client.get(below(moment_path, video, "poster"), headers=kept))


def test_one_link_is_not_asked_without_end(share, run, client, monkeypatch):
    monkeypatch.setattr(opened, "REQUESTS_PER_PERIOD", 3)
    clock = SimpleNamespace(time=lambda: 0.0, monotonic=time.monotonic)  # no new minute begins
    monkeypatch.setattr(limits, "time", clock)
    busy, other = (share("run", {"runs": [run.pk]}) for _ in range(2))
    answers = [client.get(busy) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert (answers[3].headers["Retry-After"], private_headers(answers[3])) == ("60", HEADERS)
    assert "Open it again in a minute" in answers[3].content.decode()
    assert client.get(other).status_code == 200


def test_revoking_closes_everything_below_at_once(moment_path, run, video, client):
    assert client.get(below(moment_path, video, "stream")).status_code == 200
    ShareLink.objects.update(revoked_at=timezone.now())
    for name in BELOW:
        assert_closed(client.get(below(moment_path, video, name, run=run.pk, threshold=0.5)))


def test_a_deleted_target_is_not_valid(paths, run, rival, client):
    rival.delete()
    assert_closed(client.get(paths["comparison"]))
    run.delete()
    for kind in ("run", "moment"):
        assert_closed(client.get(paths[kind]))


def test_members_see_the_same_through_a_link(run_path, as_bob, as_charlie, client):
    pages = [each.get(run_path).content for each in (as_bob, as_charlie, client)]
    assert pages[0] == pages[1] == pages[2]


# --- Views


def views() -> int:
    return ShareLink.objects.get().n_views


def test_counts_who_looks(run_path, client, as_bob):
    for visitor in (client, as_bob, Client()):
        visitor.get(run_path)
    assert views() == 3


def test_counts_no_heads_prefetches_or_parts(moment_path, run, video, client):
    client.head(moment_path)
    for header in ({"sec-purpose": "prefetch;prerender"}, {"x-moz": "prefetch"}):
        client.get(moment_path, headers=header)
    client.get(below(moment_path, video, "curve", run=run.pk))
    assert views() == 0


@pytest.mark.parametrize(
    "agent",
    [
        "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
        "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
        "facebookexternalhit/1.1",
        "WhatsApp/2.23.20.0",
        "Mozilla/5.0 (Windows NT 6.1) SkypeUriPreview Preview/0.5",
    ],
)
def test_counts_no_programs_that_look_ahead(run_path, agent, client):
    assert client.get(run_path, headers={"user-agent": agent}).status_code == 200
    assert views() == 0


def test_counts_browsers(run_path, client):
    chrome = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0"
    client.get(run_path, headers={"user-agent": chrome})
    assert views() == 1


def test_counts_nothing_that_was_refused(moment_path, rival, client):
    client.get(f"{moment_path}?run={rival.pk}")
    assert views() == 0


def test_who_asks_for_many_links_that_are_none_is_refused(
    paths, monkeypatch: pytest.MonkeyPatch, still_clock: None
) -> None:
    monkeypatch.setattr(opened, "MISSES_PER_PERIOD", 2)
    guesser = Client(REMOTE_ADDR="192.0.2.7")

    statuses = [guesser.get(f"/s/{number}").status_code for number in range(3)]

    assert statuses == [404, 404, 429]
    assert guesser.get(paths["run"]).status_code == 429
    assert Client().get(paths["run"]).status_code == 200


def test_pages_are_kept_by_nobody_on_the_way(as_vera: Client) -> None:
    assert as_vera.get("/").headers["Cache-Control"] == "private, no-cache"
