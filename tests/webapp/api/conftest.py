"""Clients that carry tokens, and a scored run to ask about."""

from collections.abc import Callable

import pytest
from django.test import Client

from tests.evaluating import evaluate_under_each
from tests.factories.datasets import VideoFactory
from tests.factories.results import float32, labelled_run, save_by_name
from tests.factories.runs import MethodFactory, TrainableSplitFactory
from webapp.accounts import services
from webapp.accounts.models import Team, User
from webapp.datasets.models import Split, Video
from webapp.results.protocols.presets import ensure_protocols
from webapp.runs.models import Method, Run

WithToken = Callable[..., Client]


@pytest.fixture
def with_token() -> WithToken:
    """A client with a new token of `user`, for their only team unless told."""

    def client(user: User, scope: str = "read", team: Team | None = None) -> Client:
        _token, secret = services.create_token(
            team=team or user.teams.get(), name="script", scope=scope, by=user
        )
        return Client(headers={"authorization": f"Bearer {secret}"})

    return client


@pytest.fixture
def reader(with_token: WithToken, vera: User) -> Client:
    return with_token(vera)


@pytest.fixture
def submitter(with_token: WithToken, bob: User) -> Client:
    return with_token(bob, "submit")


@pytest.fixture
def stranger(with_token: WithToken, charlie: User) -> Client:
    """The token of an owner of another team."""
    return with_token(charlie, "manage")


@pytest.fixture
def split(team: Team) -> Split:
    """Of an imported dataset that a run can be trained on."""
    return TrainableSplitFactory.create(dataset__team=team)


@pytest.fixture
def method(db: None) -> Method:
    return MethodFactory.create()


@pytest.fixture
def scored_run(team: Team) -> Run:
    """Two test videos, `a` of 4 frames and `b` of 3, evaluated under each protocol."""
    run = labelled_run({"a": [0, 0, 1, 1], "b": [0, 0, 0]}, team=team)
    scores = {"a": float32(0.1, 0.2, 0.9, 0.8), "b": float32(0.3, 0.1)}
    score_set = save_by_name(run, scores, rule="the last frame of b gets none")
    evaluate_under_each(score_set, ensure_protocols())
    return run


@pytest.fixture
def video(split: Split) -> Video:
    return VideoFactory.create(dataset=split.dataset, name="walk/01")
