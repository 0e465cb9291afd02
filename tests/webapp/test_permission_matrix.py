"""Every address of the site, asked by everybody: a route missing here fails the test."""

import json
from collections.abc import Callable, Iterator
from copy import copy
from dataclasses import dataclass
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.test.client import MULTIPART_CONTENT
from django.urls import reverse

from tests.conftest import logged_in
from tests.factories.accounts import MembershipFactory
from tests.factories.datasets import DetectionFactory, FeatureSetFactory, preview_of
from tests.factories.jobs import JobFactory
from tests.factories.results import explain, float32, labelled_run, save_by_name
from tests.factories.runs import RunFactory, WeightsFactory, sweep_of
from tests.webapp.answers import HELD, OWN, PEOPLE, PUBLIC, READ, Answers, all_people, of_team
from tests.webapp.asked import bodies_about, queries_about
from tests.webapp.routes import ROUTES
from webapp.accounts import services
from webapp.accounts.models import Invitation, Role, Team, User
from webapp.api import throttling
from webapp.datasets.models import AnnotationImport
from webapp.sharing.services import create_link

MATRIX: dict[str, dict[str, Answers]] = {
    "health": {"GET": PUBLIC},
    "home": {"GET": OWN},
    "accounts:login": {
        "GET": all_people(302, anonymous=200),
        "POST": all_people(302, anonymous=200),
    },
    "accounts:logout": {"POST": all_people(302)},
    "accounts:login_link": {
        "GET": all_people(200, anonymous=200),
        "POST": all_people(302, anonymous=302),
    },
    "accounts:invitation": {
        "GET": all_people(200, anonymous=200),
        "POST": Answers(people=(302, 409, 409, 409, 409), anonymous=200),
    },
    "accounts:profile": {"GET": OWN, "POST": OWN},  # 200: the empty form comes back
    "accounts:password": {"POST": OWN},
    "accounts:tokens": {"GET": OWN, "POST": OWN},
    "accounts:revoke_token": {"POST": Answers(people=(404, 404, 302, 404, 404))},  # the member's
    "accounts:team": {"GET": OWN, "POST": Answers(people=(200, 403, 403, 200, 200))},
    "accounts:switch_team": {"POST": of_team(302, 302)},
    "accounts:change_role": {"POST": Answers(people=(404, 403, 403, 403, 302))},
    "accounts:remove_member": {"POST": Answers(people=(404, 403, 403, 403, 302))},
    "accounts:withdraw_invitation": {"POST": Answers(people=(404, 403, 403, 302, 302))},
    "jobs:queue": {"GET": OWN},
    "jobs:detail": {"GET": READ},
    "jobs:log": {"GET": READ},
    "jobs:cancel": {"POST": of_team(403, 302)},
    "datasets:list": {"GET": OWN},
    "datasets:new": {
        "GET": Answers(people=(200, 403, 200, 200, 200)),
        "POST": Answers(people=(200, 403, 200, 200, 200)),
    },
    "datasets:detail": {"GET": READ},
    "datasets:progress": {"GET": READ},
    "datasets:import_again": {"POST": of_team(403, 409)},  # an import is under way
    "datasets:normal_labels": {"POST": of_team(403, 302)},
    "datasets:new_split": {"GET": of_team(403, 200)},
    "datasets:make_split": {"POST": of_team(403, 422)},  # the empty form comes back
    "datasets:import_split": {"POST": of_team(403, 422)},
    "datasets:set_groups": {"POST": of_team(403, 422)},
    "datasets:new_listed": {"POST": Answers(people=(422, 403, 422, 422, 422))},
    "datasets:new_published": {"POST": Answers(people=(422, 403, 422, 422, 422))},
    "datasets:new_feature_set": {"GET": of_team(403, 200), "POST": of_team(403, 200)},
    "datasets:make_features": {"GET": of_team(403, 200), "POST": of_team(403, 200)},
    "datasets:feature_set": {"GET": READ},
    # It was made elsewhere, and no work on it goes on.
    "datasets:cancel_features": {"POST": of_team(403, 409)},
    "datasets:resume_features": {"POST": of_team(403, 409)},
    "datasets:read_features_again": {"POST": of_team(403, 409)},  # they have been read
    "datasets:detect": {"GET": of_team(403, 200), "POST": of_team(403, 200)},
    "datasets:detection": {"GET": READ},
    "datasets:cancel_detection": {"POST": of_team(403, 409)},  # it is done
    "datasets:resume_detection": {"POST": of_team(403, 409)},
    "datasets:new_regions": {"GET": of_team(403, 200), "POST": of_team(403, 200)},
    "datasets:new_ground_truth": {"GET": of_team(403, 200), "POST": of_team(403, 200)},
    "datasets:ground_truth": {"GET": READ},
    "datasets:accept": {"POST": of_team(403, 422)},  # the file has not been read
    "datasets:poster": {"GET": READ},
    "datasets:contact_sheet": {"GET": READ},
    "datasets:stream": {"GET": READ},
    "runs:list": {"GET": OWN},
    "runs:export": {"GET": OWN},
    "runs:new": {
        "GET": Answers(people=(200, 403, 200, 200, 200)),
        "POST": Answers(people=(200, 403, 422, 422, 422)),
    },
    "runs:mix": {
        "GET": Answers(people=(200, 403, 200, 200, 200)),
        "POST": Answers(people=(200, 403, 200, 200, 200)),  # the empty form comes back
    },
    "runs:upload": {
        "GET": Answers(people=(200, 403, 200, 200, 200)),
        "POST": Answers(people=(200, 403, 200, 200, 200)),  # the empty form comes back
    },
    "runs:score_file": {"GET": READ},
    "runs:add_scores": {"POST": of_team(403, 422)},  # no file
    "runs:equivalent": {"POST": OWN},
    "runs:sweeps": {"GET": OWN},
    "runs:new_sweep": {
        "GET": Answers(people=(200, 403, 200, 200, 200)),
        "POST": Answers(people=(200, 403, 422, 422, 422)),  # nothing varies
    },
    "runs:sweep": {"GET": READ},
    "runs:export_sweep": {"GET": READ},
    "runs:transfer": {"GET": READ},
    "runs:cancel_sweep": {"POST": of_team(403, 302)},
    "runs:combine_sweep": {"POST": of_team(403, 422)},  # it has one seed
    "runs:weights_list": {"GET": OWN},
    "runs:new_weights": {
        "GET": Answers(people=(200, 403, 200, 200, 200)),
        "POST": Answers(people=(200, 403, 200, 200, 200)),  # the empty form comes back
    },
    "runs:weights": {"GET": READ},
    "runs:detail": {"GET": READ},
    "runs:operating_points": {"GET": READ},
    "runs:folds": {"GET": all_people(404)},  # the run's split has none
    "runs:gallery": {"GET": READ},
    "runs:explain_missing": {"POST": of_team(403, 422)},  # the run reads frames
    "runs:sensitivity": {"GET": READ},
    "runs:progress": {"GET": READ},
    "runs:curve": {"GET": READ},
    "runs:cancel": {"POST": of_team(403, 302)},
    "runs:resume": {"POST": of_team(403, 409)},  # it has not ended
    "activity": {"GET": OWN},
    # A link to a moment shows the run, the sweep is going on, and the dataset has runs.
    **{
        f"deleting:{name}": {
            "GET": Answers(people=(404, 403, 403, 200, 200)),
            "POST": Answers(people=(404, 403, 403, 409, 409)),
        }
        for name in ("run", "scores", "sweep")
    },
    "deleting:dataset": {
        "GET": Answers(people=(404, 403, 403, 200, 200)),
        "POST": Answers(people=(404, 403, 403, 422, 422)),  # without its name
    },
    **{
        f"deleting:{name}": {
            "GET": Answers(people=(404, 403, 403, 200, 200)),
            "POST": Answers(people=(404, 403, 403, 302, 302)),
        }
        for name in ("feature_set", "weights")  # weights that nobody of them brought
    },
    "results:compare": {"GET": READ},
    "results:compare_export": {"GET": READ},
    "results:evaluate": {"POST": of_team(403, 302)},
    "results:leaderboards": {"GET": OWN},
    "results:leaderboard": {"GET": READ},
    "results:leaderboard_export": {"GET": READ},
    "results:papers": {"GET": READ},
    "results:papers_export": {"GET": READ},
    "results:submit_papers": {"POST": of_team(403, 422)},  # the empty form comes back
    "results:combine_papers": {"POST": of_team(403, 422)},  # no runs of the methods
    "results:classes_export": {"GET": READ},
    "results:benchmark": {"POST": of_team(403, 302)},
    "results:protocols": {"GET": OWN},
    "results:new_protocol": {
        "GET": Answers(people=(200, 403, 200, 200, 200)),
        "POST": Answers(people=(422, 403, 422, 422, 422)),  # the empty form comes back
    },
    "results:video": {"GET": READ},
    "results:curve": {"GET": READ},
    "results:scores": {"GET": READ},
    "results:alarms": {"GET": READ},
    "results:explanation": {"GET": READ},
    "results:explain": {"POST": of_team(403, 422)},  # the run reads frames
    "results:explained": {"GET": READ},
    "results:new_preview": {"GET": of_team(403, 200), "POST": of_team(403, 200)},
    "results:preview": {"GET": READ},
    "results:preview_sheet": {"GET": READ},
    "results:regions": {"GET": READ, "POST": of_team(403, 422)},  # without a name
    "sharing:list": {"GET": OWN},
    "sharing:new": {"GET": of_team(403, 200), "POST": of_team(403, 200)},
    "sharing:revoke": {"POST": of_team(403, 302)},
    **{
        f"sharing:{name}": {"GET": PUBLIC}  # whoever has the secret
        for name in (
            "open",
            "curve",
            "scores",
            "alarms",
            "explanation",
            "stream",
            "poster",
            "contact_sheet",
        )
    },
    "sharing:nothing": {"GET": all_people(404, anonymous=404)},
    "api:schema": {"GET": PUBLIC},
    "api:docs": {"GET": PUBLIC},
    "api:me": {"GET": OWN},
    "api:tokens": {
        "GET": all_people(200, is_for_tokens=False),
        "POST": all_people(201, is_for_tokens=False),
    },
    "api:uploaded_runs": {"POST": Answers(people=(422, 403, 201, 201, 201))},
    "api:virtual_runs": {"POST": Answers(people=(422, 403, 422, 422, 422))},
    "api:token": {"DELETE": Answers(people=(404, 404, 204, 404, 404), is_for_tokens=False)},
    "api:datasets": {
        "GET": OWN,
        "POST": Answers(people=(422, 403, 422, 422, 422)),  # nobody may read /nowhere
    },
    "api:activity": {"GET": OWN},
    "api:dataset": {"GET": READ, "DELETE": HELD},
    "api:dataset_dependents": {"GET": READ},
    "api:feature_set_dependents": {"GET": READ},
    "api:dataset_import": {"POST": of_team(403, 409)},  # an import is under way
    "api:dataset_normal_labels": {"PUT": of_team(403, 200)},
    "api:dataset_videos": {"GET": READ},
    "api:dataset_splits": {"GET": READ, "POST": of_team(403, 201)},
    "api:dataset_groups": {"PUT": of_team(403, 200)},
    "api:dataset_feature_sets": {"GET": READ, "POST": of_team(403, 422)},  # no such folder
    **{
        f"api:{name}": {
            "GET": READ,
            "DELETE": Answers(people=(404, 403, 403, 204, 204), takes_manage=True),
        }
        for name in ("feature_set", "weights")
    },
    "api:weights_list": {
        "GET": OWN,
        "POST": Answers(people=(422, 403, 422, 422, 422)),  # no name of a file
    },
    "api:weights_dependents": {"GET": READ},
    "api:extractors": {"GET": OWN},
    "api:dataset_extract": {"POST": of_team(403, 422)},  # no such extractor
    "api:feature_set_cancel": {"POST": of_team(403, 409)},
    "api:feature_set_resume": {"POST": of_team(403, 409)},  # it was made elsewhere
    "api:feature_set_read_again": {"POST": of_team(403, 409)},  # they have been read
    "api:dataset_region_sets": {"GET": READ, "POST": of_team(403, 201)},
    "api:region_set": {"GET": READ},
    "api:detectors": {"GET": OWN},
    "api:dataset_detections": {"GET": READ, "POST": of_team(403, 422)},  # no such detector
    "api:detection": {"GET": READ},
    "api:detection_cancel": {"POST": of_team(403, 409)},  # it is done
    "api:detection_resume": {"POST": of_team(403, 409)},
    "api:video_previews": {"POST": of_team(403, 202)},
    "api:preview": {"GET": READ},
    "api:video_regions": {"POST": of_team(403, 201)},
    "api:listed_datasets": {"POST": Answers(people=(422, 403, 422, 422, 422))},  # no name
    "api:published_datasets": {"POST": Answers(people=(422, 403, 422, 422, 422))},  # nor here
    "api:annotation_imports": {"GET": READ, "POST": of_team(403, 202)},
    "api:annotation_import": {"GET": READ},
    "api:accept_annotation_import": {"POST": of_team(403, 422)},  # the file has not been read
    "api:annotation_set": {"GET": READ},
    "api:split": {"GET": READ},
    "api:video": {"GET": READ},
    "api:methods": {"GET": OWN},
    "api:method": {"GET": OWN},
    "api:runs": {
        "GET": OWN,
        "POST": Answers(people=(422, 403, 422, 422, 422)),  # a stranger's dataset is unknown
    },
    "api:sweeps": {
        "GET": OWN,
        "POST": Answers(people=(422, 403, 422, 422, 422)),  # nothing varies
    },
    "api:sweep": {"GET": READ, "DELETE": HELD},
    "api:sweep_dependents": {"GET": READ},
    "api:sweep_cancel": {"POST": of_team(403, 202)},
    "api:sweep_combinations": {"POST": of_team(403, 422)},  # it has one seed
    "api:run": {"GET": READ, "DELETE": HELD},
    "api:run_dependents": {"GET": READ},
    "api:run_cancel": {"POST": of_team(403, 202)},
    "api:run_resume": {"POST": of_team(403, 409)},  # it has not ended
    "api:scores": {"GET": READ, "PUT": of_team(403, 422), "DELETE": HELD},  # an empty file
    "api:score_file": {"GET": READ},
    "api:video_scores": {"GET": READ, "PUT": of_team(403, 422)},
    "api:evaluation": {"GET": READ, "POST": of_team(403, 409)},  # its job goes on
    "api:calibration": {"GET": of_team(422, 422)},  # no validation videos
    "api:explanations": {"GET": READ},
    "api:explanation": {"GET": READ, "POST": of_team(403, 422)},  # the run reads frames
    "api:gallery": {"GET": READ, "POST": of_team(403, 422)},  # the run reads frames
    "api:folds": {"GET": all_people(404)},  # the run's split has none
    "api:operating_points": {"GET": READ},
    "api:sensitivity": {"GET": READ},
    "api:protocols": {
        "GET": OWN,
        "POST": Answers(people=(201, 403, 201, 201, 201)),
    },
    "api:protocol": {"GET": OWN},
    "api:comparisons": {"GET": READ},
    "api:leaderboards": {"GET": OWN},
    "api:leaderboard": {"GET": READ},
    "api:paper_tables": {"GET": READ},
    "api:paper_table_runs": {"POST": of_team(403, 422)},  # no worker has told of the methods
    "api:paper_table_combinations": {"POST": of_team(403, 422)},  # no runs of the methods
    "api:share_links": {
        "GET": OWN,
        "POST": Answers(people=(404, 403, 201, 201, 201), takes_manage=True),
    },
    "api:share_link": {
        "GET": READ,
        "DELETE": Answers(people=(404, 403, 204, 204, 204), takes_manage=True),
    },
    "api:job": {"GET": READ},
    "api:job_log": {"GET": READ},
    "api:job_cancel": {"POST": of_team(403, 202)},
}
JSON = "application/json"
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


@dataclass(frozen=True)
class World:
    """A team with one thing of each kind, everybody in it, and a stranger outside."""

    people: dict[str, User]
    ids: dict[str, Any]
    secrets: dict[str, str]  # by route
    queries: dict[str, dict[str, str]]  # by route
    bodies: dict[str, dict[str, Any]]

    def clients(self) -> dict[str, Client]:
        return {name: logged_in(user) for name, user in self.people.items()}

    def ask(self, client: Client, name: str, method: str, then: Callable[[], object] = bool) -> int:
        """The status of the answer; what it did is undone, once `then` has looked at it."""
        values = self.ids | {"secret": self.secrets.get(name)}
        path = reverse(name, kwargs={each: values[each] for each in ROUTES[name]})
        cookies = copy(client.cookies)
        with transaction.atomic():
            response = self._send(client, name, method, path)
            response.getvalue()
            then()
            transaction.set_rollback(True)
        client.cookies = cookies
        return response.status_code

    def _send(self, client: Client, name: str, method: str, path: str) -> HttpResponse:
        if method == "GET":
            return client.get(path, self.queries.get(name))
        if method == "POST":
            kind = JSON if name.startswith("api:") else MULTIPART_CONTENT
            query = self.queries.get(name)
            return client.post(path, self.bodies.get(name, {}), kind, query_params=query)
        if name in self.bodies:
            return client.generic(method, path, json.dumps(self.bodies[name]), JSON)
        return client.generic(method, path)


@pytest.fixture(autouse=True)
def _nobody_asks_too_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(throttling.ReadThrottle, "rate", "100000/min", raising=False)


@pytest.fixture
def world(team: Team, alice: User, bob: User, vera: User, charlie: User) -> World:
    maria = MembershipFactory.create(team=team, role=Role.MAINTAINER).user
    run = labelled_run({"a": [0, 0, 1, 1]}, team=team)
    save_by_name(run, {"a": float32(0.1, 0.2, 0.9, 0.8)})
    video = run.dataset.videos.get()
    explain(run, {video: None})
    for name in ("poster", "contact_sheet", "proxy"):
        getattr(video, name).save(name, ContentFile(b"picture"))
    run.dataset.import_job = JobFactory.create(team=team, kind="import", subject_id=run.dataset_id)
    run.dataset.save()
    sweep = sweep_of(RunFactory.create(team=team))
    draft = AnnotationImport.objects.create(dataset=run.dataset, name="labels.csv")
    token, _secret = services.create_token(team=team, name="x", scope="read", by=bob)
    moment = {"video": video.pk, "runs": [run.pk]}
    link, share_address = create_link(kind="moment", ids=moment, includes_video=True, by=bob)
    login_link = services.create_login_link(user=alice)
    invitation_link = services.invite(team=team, role=Role.VIEWER, by=alice)
    return World(
        people=dict(zip(PEOPLE, (charlie, vera, bob, maria, alice), strict=True)),
        ids={
            "run_id": run.pk,
            "sweep_id": sweep.pk,
            "format": "csv",
            "ending": "csv",
            "job_id": run.current_job_id,
            "dataset_id": run.dataset_id,
            "video_id": video.pk,
            "split_id": run.split_id,
            "feature_set_id": FeatureSetFactory.create(dataset=run.dataset).pk,
            "weights_id": WeightsFactory.create(team=team).pk,
            "preview_id": preview_of(video).pk,
            "detection_id": DetectionFactory.create(dataset=run.dataset).pk,
            "region_set_id": run.dataset.region_sets.create(name="people", origin="a.csv").pk,
            "draft_id": draft.pk,
            "rest": f"{share_address.rpartition('/')[2]}/",
            "annotation_set_id": run.annotation_set_id,
            "name": run.method_id,
            "slug": "frame-raw",
            "link_id": link.pk,
            "token_id": token.pk,
            "membership_id": vera.memberships.get().pk,
            "invitation_id": Invitation.objects.get().pk,
        },
        secrets={
            "accounts:login_link": login_link.rpartition("/")[2],
            "accounts:invitation": invitation_link.rpartition("/")[2],
            **{
                name: share_address.rpartition("/")[2]
                for name in ROUTES
                if name.startswith("sharing:")
            },
        },
        queries=queries_about(run),
        bodies=bodies_about(run, team),
    )


def test_every_route_is_listed() -> None:
    assert set(ROUTES) == set(MATRIX)


def rows(prefix: str = "") -> Iterator[tuple[str, str, Answers]]:
    for name, by_method in MATRIX.items():
        if name.startswith(prefix):
            for method, answers in by_method.items():
                yield name, method, answers


def test_answers_to_people(world: World) -> None:
    clients = world.clients()

    given = {
        (name, method): tuple(world.ask(clients[person], name, method) for person in PEOPLE)
        for name, method, _answers in rows()
    }

    assert given == {(name, method): answers.people for name, method, answers in rows()}


def test_answers_to_nobody(world: World) -> None:
    wall = {True: 401, False: 302}

    given = {(name, method): world.ask(Client(), name, method) for name, method, _ in rows()}

    assert given == {
        (name, method): answers.anonymous or wall[name.startswith("api:")]
        for name, method, answers in rows()
    }


def test_answers_to_tokens(world: World, team: Team) -> None:
    member, stranger = world.people["member"], world.people["stranger"]
    reading = by_token(member, team, "read")
    submitting = by_token(member, team, "submit")
    foreign = by_token(stranger, stranger.teams.get(), "manage")

    given = {
        (name, method): [
            world.ask(client, name, method) for client in (reading, submitting, foreign)
        ]
        for name, method, _answers in rows("api:")
    }

    assert given == {
        (name, method): expected_of_tokens(method, answers)
        for name, method, answers in rows("api:")
    }


def expected_of_tokens(method: str, answers: Answers) -> list[int]:
    stranger, _viewer, member, _maintainer, _owner = answers.people
    if not answers.is_for_tokens:
        return [403, 403, 403]
    reading = member if method == "GET" else 403
    return [reading, 403 if answers.takes_manage else member, stranger]


def test_no_other_method_is_answered(world: World) -> None:
    owner = logged_in(world.people["owner"])

    given = {
        (name, method): world.ask(owner, name, method)
        for name in MATRIX
        for method in set(METHODS) - set(MATRIX[name])
    }

    assert {key: status for key, status in given.items() if status != 405} == {}


def by_token(user: User, team: Team, scope: str) -> Client:
    _token, secret = services.create_token(team=team, name="x", scope=scope, by=user)
    return Client(headers={"authorization": f"Bearer {secret}"})
