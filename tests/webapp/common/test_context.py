from django.contrib.auth.models import AnonymousUser
from django.test import RequestFactory

from tests.factories.accounts import MembershipFactory
from webapp.accounts.teams import choose_team
from webapp.common.context import site


def request_of(user):
    request = RequestFactory().get("/")
    request.user, request.session = user, {}
    return request


def test_current_team_is_the_first_by_name(alice, team):
    MembershipFactory.create(user=alice, team__name="Zebra lab")
    assert site(request_of(alice))["current_team"] == team


def test_current_team_is_the_one_chosen(alice, team):
    other = MembershipFactory.create(user=alice, team__name="Zebra lab").team
    request = request_of(alice)
    choose_team(request, other)
    assert site(request)["current_team"] == other


def test_stranger_without_login_has_no_teams(db, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert list(site(request_of(AnonymousUser()))["teams"]) == []


def test_a_page_that_shows_no_team_asks_for_none(alice, django_assert_num_queries):
    with django_assert_num_queries(0):
        site(request_of(alice))


def test_frame_offers_the_switcher_only_with_several_teams(as_alice, alice):
    assert 'name="team"' not in as_alice.get("/profile").text
    MembershipFactory.create(user=alice, team__name="Zebra lab")
    assert 'name="team"' in as_alice.get("/profile").text
