"""No change without a record: asked of the code, and of every address of the site."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator
from functools import cache
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

from tests.conftest import logged_in
from tests.webapp import test_permission_matrix as matrix
from webapp.accounts.permissions import Permission
from webapp.audit.models import AuditEvent

APPS = ("accounts", "datasets", "jobs", "runs", "results", "sharing", "deleting")
FACES = ("views.py", "_page.py", "urls.py")  # they call services
# Functions with an actor that leave no record, and why.
SILENT = {
    "update_profile": "about oneself, and of no team",
    "change_password": "about oneself, and of no team",
    "shareable": "says what a link would show",
    "may_delete_run": "answers a question",
    "may_delete_data": "answers a question",
    "require_run": "answers a question",
    "start_of": "answers a question",
    "trained_from": "part of what its callers record",
    "submit": "part of what its callers record",
    "submit_job": "part of what its callers record",
    "submit_import": "part of what its callers record",
    "begin": "part of what its callers record",
    "submit_again": "part of what its callers record",
    "preview": "shows what there is in another way",
    "submit_evaluation": "part of what its callers record",
}
# Addresses that change something of nobody's but the person's own, or nothing.
SILENT_ROUTES = {
    "accounts:login", "accounts:logout", "accounts:login_link", "accounts:profile",
    "accounts:password", "accounts:switch_team", "runs:equivalent",
    # What the matrix sends them is not complete, so that the form comes back.
    "datasets:new", "datasets:new_feature_set", "datasets:make_features",
    "datasets:new_ground_truth",
    "datasets:new_regions", "datasets:detect", "results:regions", "results:new_preview",
    "api:video_previews",  # it changes nothing that there is
    "runs:mix", "runs:upload",
    "runs:new_weights",
    "results:evaluate",  # the run's job goes on, so that none is begun
}  # fmt: skip


world = matrix.world  # the fixture


@cache
def functions() -> dict[str, list[ast.FunctionDef]]:
    """Of all apps, by name. Several may share one: any of them counts."""
    found: dict[str, list[ast.FunctionDef]] = {}
    for app in APPS:
        for path in sorted((Path(settings.BASE_DIR) / "webapp" / app).rglob("*.py")):
            if "migrations" in path.parts or path.name.endswith(FACES):
                continue
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.FunctionDef):
                    found.setdefault(node.name, []).append(node)
    return found


def has_actor(function: ast.FunctionDef) -> bool:
    arguments = function.args
    return any(each.arg == "by" for each in [*arguments.args, *arguments.kwonlyargs])


def called(function: ast.FunctionDef) -> Iterator[str]:
    for node in ast.walk(function):
        if isinstance(node, ast.Call):
            match node.func:
                case ast.Name(id=name) | ast.Attribute(attr=name):
                    yield name


@cache
def reached(name: str) -> frozenset[str]:
    """All that it calls, and what that calls."""
    found, open_names = set[str](), [name]
    while open_names:
        nodes = functions().get(open_names.pop(), [])
        new = {each for node in nodes for each in called(node)} - found
        found |= new
        open_names += new
    return frozenset(found)


def leads_to(name: str, targets: Collection[str]) -> bool:
    """It is one of them, or calls something that leads there."""
    return name in targets or not reached(name).isdisjoint(targets)


def records(name: str) -> bool:
    return leads_to(name, {"record"})


def public_with_actor() -> list[str]:
    return sorted(
        name
        for name, nodes in functions().items()
        if not name.startswith("_") and any(map(has_actor, nodes))
    )


@pytest.mark.parametrize("name", public_with_actor())
def test_whoever_takes_an_actor_records_what_was_done(name: str) -> None:
    assert records(name) != (name in SILENT), (
        f"{name} takes `by`: let it record what it changes, or say in SILENT why it does not"
    )


def test_there_is_something_to_look_at() -> None:
    assert set(SILENT) < set(public_with_actor())
    assert {"create_run", "delete_dataset", "revoke_link", "change_role"} < set(public_with_actor())


def of_attribute(node: ast.AST) -> str:
    is_permission = isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
    return node.attr if is_permission and node.value.id == "Permission" else ""  # type: ignore[attr-defined]


@pytest.mark.parametrize("permission", Permission)
def test_each_permission_lets_do_something_that_is_recorded(permission: Permission) -> None:
    asking = [
        name
        for name, nodes in functions().items()
        if any(of_attribute(each) == permission.name for node in nodes for each in ast.walk(node))
    ]

    assert asking
    assert any(leads_to(name, asking) and records(name) for name in functions())


def test_every_address_that_changes_something_leaves_a_record(world: matrix.World) -> None:
    owner = logged_in(world.people["owner"])
    member = logged_in(world.people["member"])
    silent: set[str] = set()
    for name, method, _answers in matrix.rows():
        client = member if name in {"accounts:revoke_token", "api:token"} else owner
        if method == "GET" or name in SILENT_ROUTES:
            continue
        if leaves_none(world, client, name, method):
            silent.add(name)

    assert silent == set()


def leaves_none(world: matrix.World, client: Client, name: str, method: str) -> bool:
    """Though it was done."""
    seen: list[int] = []
    before = AuditEvent.objects.count()
    status = world.ask(client, name, method, then=lambda: seen.append(AuditEvent.objects.count()))
    return status < 400 and seen == [before]
