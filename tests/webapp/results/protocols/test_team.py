"""Protocols of a team: made, versioned, kept apart from those of others."""

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client

from ml.evaluation import EVALUATOR_VERSION, Settings
from tests.evaluating import end_evaluations
from tests.factories.accounts import TeamFactory
from tests.factories.results import float32, labelled_run, save_by_name
from webapp.accounts.models import Team, User
from webapp.common.errors import ConflictError, UserError
from webapp.jobs.models import Job
from webapp.results.models import Evaluation, Protocol
from webapp.results.protocols.choice import offered_protocols, protocol_of
from webapp.results.protocols.presets import PRESETS
from webapp.results.protocols.team import create_protocol, in_words

pytestmark = pytest.mark.django_db


def made(team: Team, by: User, title: str = "Ours", **values: object) -> Protocol:
    settings = values.pop("settings", {"drop_first": 4})
    return create_protocol(team=team, title=title, settings=settings, by=by, **values)  # type: ignore[arg-type]


def test_a_protocol_holds_all_settings_and_says_them(team: Team, bob: User) -> None:
    protocol = made(team, bob, title="Ours, 4 dropped")
    assert (protocol.slug, protocol.version, protocol.created_by) == ("ours-4-dropped", 1, bob)
    assert protocol.settings == Settings(drop_first=4).to_json()
    assert "The first 4 frames of each video do not count." in protocol.description


def test_a_change_is_a_new_version(team: Team, bob: User) -> None:
    first = made(team, bob)
    second = made(team, bob, title="Ours", settings={"drop_first": 5}, version_of="ours")
    assert (second.slug, second.version) == ("ours", 2)
    first.refresh_from_db()
    assert first.settings["drop_first"] == 4
    with pytest.raises(ConflictError, match="Nothing differs from Ours v2"):
        made(team, bob, settings={"drop_first": 5}, version_of="ours")


def test_names_that_are_taken(team: Team, bob: User) -> None:
    made(team, bob)
    with pytest.raises(ConflictError, match="make a new version"):
        made(team, bob)
    with pytest.raises(ConflictError, match="frame-raw is the name of a preset"):
        made(team, bob, title="Frame raw")
    with pytest.raises(UserError, match="no protocol frame-raw to make a new version of"):
        made(team, bob, version_of="frame-raw")
    with pytest.raises(UserError, match="Latin letter"):
        made(team, bob, title="違和感")


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"smothing": "mean"}, "smothing: not known"),
        ({"iou": 2}, "iou is 2"),
        ({"metric": "event_f1"}, "at level event only"),
        ({"metric": {"a": 1}}, "none of"),
    ],
)
def test_settings_that_cannot_be(team: Team, bob: User, wrong: object, sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        made(team, bob, settings=wrong)


def test_a_viewer_may_not(team: Team, vera: User) -> None:
    with pytest.raises(PermissionDenied):
        made(team, vera)


def test_each_team_has_its_own_of_one_name(team: Team, bob: User, charlie: User) -> None:
    other = charlie.teams.get()
    mine, theirs = made(team, bob), made(other, charlie, settings={"drop_first": 9})
    assert protocol_of("ours", team) == mine
    assert protocol_of("ours", other) == theirs
    assert offered_protocols(team)[len(PRESETS) :] == [mine]
    assert len(offered_protocols(TeamFactory.create())) == len(PRESETS)


def test_every_rule_has_its_words() -> None:
    settings = Settings(
        level="event", smoothing="gaussian", smoothing_frames=7, normalisation="test_set",
        missing="drop", drop_first=1, macro_padding=True, metric="event_f1", threshold=0.5,
        merge_gap_seconds=1, hold_seconds=0.5, iou=0.3,
    )  # fmt: skip
    words = " ".join(in_words(settings))
    for part in ("deviation of 7", "whole test set", "left out", "first frame of", "artificial",
                 "fixed at 0.5", "1 s apart", "last 0.5 s", "IoU of 0.3", "Event F1"):  # fmt: skip
        assert part in words
    assert len(in_words(Settings())) == 3


def test_page_lists_and_makes_them(as_bob: Client, as_charlie: Client, team: Team) -> None:
    form = as_bob.get("/protocols/new", {"from": "event-level"}).content.decode()
    assert 'value="event" selected' in form
    answers = {
        "title": "Guard's view", "level": "event", "metric": "event_f1", "smoothing": "none",
        "normalisation": "none", "missing": "nearest", "merge_gap_seconds": "2", "iou": "",
    }  # fmt: skip
    answer = as_bob.post("/protocols/new", answers)
    assert answer.headers["Location"] == "/protocols"
    protocol = Protocol.objects.get(team=team)
    assert protocol.settings["merge_gap_seconds"] == 2
    page = as_bob.get("/protocols").content.decode()
    assert "Guard&#x27;s view v1" in page
    assert "Frame level, raw scores v2" in page
    assert "Guard" not in as_charlie.get("/protocols").content.decode()
    assert as_charlie.get("/protocols/new", {"from": protocol.slug}).status_code == 404
    again = as_bob.get("/protocols/new", {"from": protocol.slug}).content.decode()
    assert "version 2" in again
    refused = as_bob.post(f"/protocols/new?from={protocol.slug}", answers | {"iou": "7"})
    assert refused.status_code == 422
    assert "iou is 7.0: a number from 0 to 1 is expected" in refused.content.decode()


def test_scored_runs_are_evaluated_when_somebody_asks(
    as_bob: Client, as_vera: Client, as_charlie: Client, team: Team, bob: User
) -> None:
    run = labelled_run({"a": [0, 1, 0, 1]}, team=team, current_job__ended=True)
    save_by_name(run, {"a": float32(9, 1, 0, 2)})
    made(team, bob, settings={"drop_first": 1})
    made(team, bob, settings={"drop_first": 2}, version_of="ours")
    path, first = f"/api/v1/runs/{run.pk}/evaluation", {"protocol": "ours", "version": 1}

    assert as_bob.get(path, first).json()["results"] == []
    assert not Evaluation.objects.exists()
    assert as_vera.post(path, first, "application/json").status_code == 403
    answer = as_bob.post(path, first, "application/json")
    assert answer.status_code == 202
    assert answer.headers["Location"] == f"/api/v1/jobs/{answer.json()['id']}"
    assert answer.headers["Retry-After"] == "2"
    assert as_bob.get(path, first).json()["results"] == []
    end_evaluations()

    [found] = as_vera.get(path, first).json()["results"]
    assert found["metrics"]["auroc"] == 1
    assert (found["protocol"]["slug"], found["protocol"]["version"]) == ("ours", 1)
    assert found["evaluator_version"] == EVALUATOR_VERSION
    again = as_bob.post(path, first, "application/json")
    assert (again.status_code, again.json()) == (200, found)
    [newest] = as_bob.get(path, {"protocol": "ours"}).json()["results"]
    assert newest["protocol"]["version"] == 2
    assert Job.objects.filter(kind="evaluate").count() == 1


def test_what_cannot_be_evaluated(
    as_bob: Client, as_charlie: Client, team: Team, bob: User
) -> None:
    run = labelled_run({"a": [0, 1]}, team=team)
    made(team, bob)
    path = f"/api/v1/runs/{run.pk}/evaluation"

    def status(client: Client, body: dict[str, object]) -> int:
        return client.post(path, body, "application/json").status_code

    for client in (as_bob, as_charlie):
        assert client.get(path, {"protocol": "nothing"}).status_code == 404
        assert status(client, {"protocol": "nothing"}) == 404
    assert as_bob.get(path, {"protocol": "ours", "version": 2}).status_code == 404
    assert status(as_bob, {"protocol": "ours", "version": 2}) == 404
    assert as_charlie.get(path, {"protocol": "ours"}).status_code == 404
    assert status(as_bob, {}) == 422
    assert status(as_bob, {"protocol": "ours", "run": run.pk}) == 422
    refused = as_bob.post(path, {"protocol": "ours"}, "application/json")
    assert (refused.status_code, refused.json()["code"]) == (409, "not_scored")
    save_by_name(run, {"a": float32(0, 1)})
    refused = as_bob.post(path, {"protocol": "ours"}, "application/json")
    assert (refused.status_code, refused.json()["code"]) == (409, "being_evaluated")
    assert refused.headers["Retry-After"] == "5"


def test_over_rest(as_bob: Client, as_vera: Client, team: Team) -> None:
    body = {"title": "Ours", "settings": {"normalisation": "per_video"}}
    answer = as_bob.post("/api/v1/protocols", body, "application/json")
    assert answer.status_code == 201
    assert answer.json()["settings"]["normalisation"] == "per_video"
    newer = body | {"version_of": "ours", "settings": {"drop_first": 2}}
    assert as_bob.post("/api/v1/protocols", newer, "application/json").json()["version"] == 2
    slugs = [each["slug"] for each in as_vera.get("/api/v1/protocols").json()["results"]]
    assert slugs == [preset.slug for preset in PRESETS] + ["ours"]
    old = as_vera.get("/api/v1/protocols/ours", {"version": 1}).json()
    assert old["settings"]["normalisation"] == "per_video"
    assert "stretched" in " ".join(old["in_words"])
    bad = as_bob.post("/api/v1/protocols", body | {"settings": {"iou": -1}}, "application/json")
    assert bad.status_code == 422
