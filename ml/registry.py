"""Finds the methods, describes them for the site and checks their configs."""

from __future__ import annotations

import logging
from collections.abc import Collection
from dataclasses import asdict
from importlib.metadata import EntryPoints, entry_points
from typing import Any

from ml import loading
from ml.configs import as_json, parse, schema_of
from ml.methods import METHODS, Method
from ml.records import BadInput

logger = logging.getLogger(__name__)
ENTRY_POINTS = "iwakan.methods"


def load_methods() -> dict[str, type[Method]]:
    """Import every module of ml.methods and every plug-in; a broken plug-in is left out."""
    known = METHODS.load()
    broken_plug_ins()
    return known


def get_method(name: str) -> type[Method]:
    """Of the plug-ins only that of this name is loaded, where one has it.

    Raise BadInput where none is known by it.
    """
    known = METHODS.load()
    if name not in known:
        _load(entry_points(group=ENTRY_POINTS, name=name))
    if name not in known:
        known = load_methods()
    if name not in known:
        raise BadInput(f"There is no method {name!r}; known are {', '.join(sorted(known))}")
    return known[name]


def broken_plug_ins() -> dict[str, str]:
    """Why they cannot be loaded, by their modules; all are loaded for it."""
    METHODS.load()
    return _load(entry_points(group=ENTRY_POINTS))


def _load(plug_ins: EntryPoints) -> dict[str, str]:
    found = {plug_in.module: loading.fault(plug_in.module) for plug_in in plug_ins}
    for module, fault in found.items():
        if fault:
            logger.error("the method plug-in %s cannot be loaded: %s", module, fault)
    return {module: fault for module, fault in found.items() if fault}


def describe() -> list[dict[str, Any]]:
    """All methods as the site's catalogue wants them, `schema` being that of the config."""
    return [
        {
            "name": name,
            "title": method.title,
            "summary": method.summary,
            "paper": method.paper,
            "supervision": str(method.supervision),
            "reads": str(method.reads),
            "begins_with": list(method.begins_with),
            "layers": list(getattr(method, "cam_layers", ())),
            "schema": schema_of(method.Config),
            "sweeps": [asdict(sweep) for sweep in method.sweeps],
        }
        for name, method in sorted(load_methods().items())
    ]


def parse_config(method: type[Method], values: dict[str, Any]) -> Any:
    """`values` as the method's Config, defaults filled in; BadInput names every wrong field."""
    return parse(method.Config, values, of="the method")


def scoring_config(method: type[Method], learnt: dict[str, Any], wanted: dict[str, Any]) -> Any:
    """`wanted` as the method's Config. Raise BadInput where weights learnt by `learnt` do not fit.

    The two may differ in options of the group "Scoring", which training does not read.
    """
    config = parse_config(method, wanted)
    if changed := _changes(method, learnt, config, free=("Scoring",)):
        raise BadInput(f"The weights were learnt by another config: {', '.join(changed)}")
    return config


def check_start(method: type[Method], learnt: dict[str, Any], config: Any) -> None:
    """Raise BadInput where weights learnt by `learnt` are none for a training by `config`.

    How it learns and scores may differ: the options of the groups "Training" and "Scoring", and
    those that say that weights may be begun with all the same.
    """
    changed = _changes(method, learnt, config, free=("Training", "Scoring"), transfers=True)
    if changed:
        raise BadInput(f"The weights are those of another network: {', '.join(changed)}")


def _changes(
    method: type[Method],
    learnt: dict[str, Any],
    config: Any,
    *,
    free: Collection[str],
    transfers: bool = False,
) -> list[str]:
    """The fields that differ, but for those of the groups that are free to.

    `transfers`: and but for those that have that mark.
    """
    ours, theirs = as_json(config), as_json(parse_config(method, learnt))
    fields = schema_of(method.Config)["properties"]
    return [
        f"{name} ({theirs[name]} → {ours[name]})"
        for name in ours
        if ours[name] != theirs[name]
        and fields[name].get("group") not in free
        and not (transfers and fields[name].get("transfers"))
    ]
