"""Configs of methods: as all configs are checked, and the files that they name."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from webapp.common import config as common
from webapp.common.config import ConfigError
from webapp.common.errors import UserError
from webapp.common.schema import Schema, is_of_file
from webapp.datasets.folders import resolve_path


def complete_config(schema: Schema, config: dict[str, Any]) -> dict[str, Any]:
    """`config` with defaults filled in, and paths whole. Raise ConfigError if it is wrong."""
    if problems := problems_of(schema, config):
        raise ConfigError(problems)
    complete = common.complete_config(schema, config)
    return complete | {
        name: str(resolve_path(path)) for name, path in _files(schema, complete).items()
    }


def problems_of(schema: Schema, config: dict[str, Any]) -> dict[str, str]:
    """One sentence for each field that is wrong. Of files, only those where datasets may be are
    within reach, for a job reads them.
    """
    problems = common.problems_of(schema, config)
    for name, path in _files(schema, config).items():
        if name not in problems and (sentence := _missing(path)):
            problems[name] = f"{name}: {sentence}"
    return problems


def _files(schema: Schema, config: dict[str, Any]) -> dict[str, str]:
    return {name: path for name, path in config.items() if path and is_of_file(schema, name)}


def _missing(path: str) -> str:
    try:
        is_file = resolve_path(path).is_file()
    except UserError as error:
        return str(error)
    return "" if is_file else _("“%s” is no file") % path
