"""Making, revoking and opening links."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.http import Http404
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.factories.runs import RunFactory
from tests.webapp.sharing.conftest import moment_of, protocol_id
from webapp.accounts import services as accounts
from webapp.common.errors import UserError
from webapp.sharing.models import ShareLink
from webapp.sharing.services import count_view, create_link, open_link, revoke_link


def test_only_the_hash_of_the_secret_is_kept(run, bob):
    link, address = create_link(kind="run", ids={"runs": [run.pk]}, by=bob)
    secret = address.rpartition("/")[2]
    with connection.cursor() as cursor:
        cursor.execute("SELECT sharing_sharelink::text FROM sharing_sharelink")
        [[row]] = cursor.fetchall()
    assert link.pk in row
    assert link.secret_hash in row
    assert secret not in row
    assert len(secret) >= 43  # 256 bits


def test_two_links_to_one_thing_have_secrets_of_their_own(run, bob):
    first, second = (create_link(kind="run", ids={"runs": [run.pk]}, by=bob) for _ in range(2))
    assert first[1] != second[1]


@pytest.mark.parametrize("days", [7, 30, 90])
def test_lives_as_long_as_was_chosen(run, bob, days):
    link, _address = create_link(kind="run", ids={"runs": [run.pk]}, days=days, by=bob)
    assert link.expires_at - timezone.now() == pytest.approx(
        timedelta(days=days), abs=timedelta(minutes=1)
    )


def test_may_live_until_it_is_revoked(run, bob):
    link, _address = create_link(kind="run", ids={"runs": [run.pk]}, days=None, by=bob)
    assert link.expires_at is None
    assert link.is_usable


def test_no_other_life_is_possible(run, bob):
    with pytest.raises(UserError, match="7, 30, 90 days"):
        create_link(kind="run", ids={"runs": [run.pk]}, days=10_000, by=bob)


def test_a_viewer_shares_nothing(run, vera):
    with pytest.raises(PermissionDenied):
        create_link(kind="run", ids={"runs": [run.pk]}, by=vera)


def test_a_stranger_finds_nothing_to_share(run, video, charlie):
    for kind, ids in every_kind(run, video):
        with pytest.raises(Http404):
            create_link(kind=kind, ids=ids, by=charlie)
    assert not ShareLink.objects.exists()


def every_kind(run, video):
    return [
        ("run", {"runs": [run.pk]}),
        ("comparison", {"runs": [run.pk], "protocol": protocol_id()}),
        ("leaderboard", {"dataset": run.dataset_id, "protocol": protocol_id()}),
        ("moment", moment_of(video, run)),
    ]


@pytest.mark.parametrize(("scope", "may"), [("read", False), ("submit", False), ("manage", True)])
def test_a_token_shares_with_scope_manage_alone(run, bob, scope, may):
    bob.api_token, _secret = accounts.create_token(team=run.team, name="x", scope=scope, by=bob)
    if may:
        create_link(kind="run", ids={"runs": [run.pk]}, by=bob)
    else:
        with pytest.raises(PermissionDenied):
            create_link(kind="run", ids={"runs": [run.pk]}, by=bob)


def test_a_run_without_results_is_not_shared(team, bob):
    run = RunFactory.create(team=team)
    with pytest.raises(UserError, match="no results"):
        create_link(kind="run", ids={"runs": [run.pk]}, by=bob)


def test_only_a_moment_has_a_picture(run, video, bob):
    for kind, ids in every_kind(run, video):
        if kind == "moment":
            create_link(kind=kind, ids=ids, includes_video=True, by=bob)
        else:
            with pytest.raises(UserError, match="picture"):
                create_link(kind=kind, ids=ids, includes_video=True, by=bob)


def test_one_link_shows_one_team(run, team, bob, charlie):
    other = charlie.teams.get()
    accounts.Membership.objects.create(team=other, user=bob, role="member")
    foreign = RunFactory.create(team=other, scored_at=timezone.now())
    ids = {"runs": [run.pk, foreign.pk], "protocol": protocol_id()}
    with pytest.raises(UserError, match="one team"):
        create_link(kind="comparison", ids=ids, by=bob)


def test_a_moment_needs_curves_of_its_video(run, video, team, bob):
    unscored = RunFactory.create(team=team, dataset=run.dataset)
    with pytest.raises(UserError, match="no scores of this video"):
        create_link(kind="moment", ids=moment_of(video, run, unscored), by=bob)
    with pytest.raises(UserError, match="Choose 1 to"):
        create_link(kind="moment", ids=moment_of(video), by=bob)


@pytest.mark.parametrize("place", [{"frame": 4}, {"frame": -1}, {"window": [2, 9]}])
def test_a_moment_lies_inside_its_video(run, video, bob, place):
    with pytest.raises(UserError, match="frames 0 to 3"):
        create_link(kind="moment", ids=moment_of(video, run, **place), by=bob)


def test_opens_what_was_shared(run, rival, video, bob):
    ids = moment_of(video, rival, run, window=[1, 3], threshold=0.25)
    _link, address = create_link(kind="moment", ids=ids, by=bob)
    _found, target = open_link(address.rpartition("/")[2])
    assert target.to_json() == ids


def test_a_revoked_link_opens_nothing(run, alice, bob):
    link, address = create_link(kind="run", ids={"runs": [run.pk]}, by=bob)
    revoke_link(link=link, by=alice)
    with pytest.raises(Http404):
        open_link(address.rpartition("/")[2])


def test_a_viewer_revokes_nothing(run, vera, bob):
    link, address = create_link(kind="run", ids={"runs": [run.pk]}, by=bob)
    with pytest.raises(PermissionDenied):
        revoke_link(link=link, by=vera)
    open_link(address.rpartition("/")[2])


def test_what_is_deleted_is_not_opened(run, bob):
    _link, address = create_link(kind="run", ids={"runs": [run.pk]}, by=bob)
    run.delete()
    with pytest.raises(Http404):
        open_link(address.rpartition("/")[2])


def test_what_left_the_team_is_not_opened(run, bob, charlie):
    _link, address = create_link(kind="run", ids={"runs": [run.pk]}, by=bob)
    run.team = charlie.teams.get()
    run.save()
    with pytest.raises(Http404):
        open_link(address.rpartition("/")[2])


def test_unknown_revoked_and_expired_take_the_same_look_up(run, bob):
    links = [create_link(kind="run", ids={"runs": [run.pk]}, by=bob) for _ in range(2)]
    revoke_link(link=links[0][0], by=bob)
    ShareLink.objects.filter(pk=links[1][0].pk).update(expires_at=timezone.now())
    secrets = ["unknown", *(address.rpartition("/")[2] for _link, address in links)]
    asked = [queries_of(secret) for secret in secrets]
    assert asked == [1, 1, 1]


def queries_of(secret: str) -> int:
    with CaptureQueriesContext(connection) as queries, pytest.raises(Http404):
        open_link(secret)
    return len(queries)


def test_views_are_counted_by_the_database(run, bob):
    """Two who loaded the row before either wrote: neither view is lost."""
    link, _address = create_link(kind="run", ids={"runs": [run.pk]}, by=bob)
    count_view(ShareLink.objects.get(pk=link.pk))
    count_view(link)
    link.refresh_from_db()
    assert link.n_views == 2
    assert link.last_viewed_at is not None
