"""What a job's process can be asked to do: one file per verb, with a function `run`.

    {"verb": "evaluate", …}  calls  ml/verbs/evaluate.py: run(spec, reporter)

Only the module of the verb that is asked for is imported: a survey does not wait for torch. What
several verbs take from a spec is in `_spec`.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from typing import Any

from ml.records import BadInput
from ml.reports import Reporter
from ml.verbs._spec import Spec, restored

__all__ = ["Spec", "find", "names", "restored"]


def names() -> list[str]:
    found = (module.name for module in pkgutil.iter_modules(__path__))
    return sorted(name for name in found if not name.startswith("_"))


def find(name: Any) -> Callable[[Spec, Reporter], None]:
    """Raise BadInput, with the verbs that there are, where there is none of that name."""
    known = names()
    if name not in known:
        raise BadInput(f"The verb {name!r} is none of {', '.join(known)}")
    run: Callable[[Spec, Reporter], None] = importlib.import_module(f"{__name__}.{name}").run
    return run
