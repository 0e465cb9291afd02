"""The run form as a REST call and as a command, to copy into a script."""

from __future__ import annotations

import json
import shlex
from dataclasses import asdict
from typing import Any

from webapp.accounts.models import User
from webapp.common.schema import to_text
from webapp.pages.forms.runs import RunForm
from webapp.pages.forms.sweeps import SweepForm
from webapp.runs.models import Run

NEW_LINE = " \\\n  "


def rest_call(form: RunForm, *, site_url: str) -> str:
    """A curl command. Fields that keep the method's own value are left out."""
    return _curl(f"{site_url}/api/v1/runs", _body(form))


def sweep_call(form: SweepForm, *, site_url: str) -> str:
    """A curl command, as far as the form can be read."""
    form.is_valid()
    split, cleaned = form.chosen_split, getattr(form, "cleaned_data", {})
    body: dict[str, Any] = {"dataset": split.dataset_id, "split": split.pk} if split else {}
    body |= {"method": form.method.pk, "config": form.config, "grid": form.grid}
    names = ("title", "feature_set", "variants", "seeds", "folds", "selection", "queue")
    answers = {name: cleaned[name] for name in names if name in cleaned}
    if answers.get("selection") == Run.Selection.LAST:
        del answers["selection"]
    body |= answers | _folds_to_make(form)
    return _curl(
        f"{site_url}/api/v1/sweeps", {name: value for name, value in body.items() if value}
    )


def _folds_to_make(form: SweepForm) -> dict[str, Any]:
    rule = form.fold_rule() if hasattr(form, "cleaned_data") else None
    return {"cross_validation": asdict(rule)} if rule else {}


def _curl(address: str, content: dict[str, Any]) -> str:
    lines = [f"  {_json(name)}: {_json(value)}" for name, value in content.items()]
    body = "{\n" + ",\n".join(lines) + "\n}"
    return NEW_LINE.join(
        [
            f"curl -X POST {address}",
            '-H "Authorization: Bearer $IWAKAN_TOKEN"',
            '-H "Content-Type: application/json"',
            f"-d {shlex.quote(body)}",
        ]
    )


def command(form: RunForm, *, by: User) -> str:
    """For the shell of the server."""
    split = form.chosen_split
    options = {"by": by.email, "split": split.pk if split else "", "method": form.method.pk}
    options |= form.changed_answers()
    return NEW_LINE.join(
        [
            "python manage.py submit_run",
            *(f"--{name} {shlex.quote(str(value))}" for name, value in options.items()),
            *(
                f"--set {shlex.quote(f'{name}={to_text(value)}')}"
                for name, value in form.changes.items()
            ),
        ]
    )


def _body(form: RunForm) -> dict[str, Any]:
    split = form.chosen_split
    data = {"dataset": split.dataset_id, "split": split.pk} if split else {}
    config = {"config": form.changes} if form.changes else {}
    return data | {"method": form.method.pk} | form.changed_answers() | config


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
