"""What a job's process does: a spec comes in, events go out. Its verbs are in `ml.verbs`."""

from __future__ import annotations

import signal
import sys
import traceback

from ml import device, memory, verbs
from ml.failures import TERMINATED, RankFailed, explain
from ml.reports import Reporter
from ml.verbs import Spec


def run(spec: Spec, reporter: Reporter) -> int:
    """Do what the spec's verb says. Return the exit status: 0, or 1 after a `failed` event."""
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(TERMINATED))
    memory.keep_freed()
    try:
        reporter.send("facts", values=device.software_facts())
        verbs.find(spec.get("verb"))(spec, reporter)
    except Exception as error:
        failure, sentence = explain(error)
        trace = "" if failure == "bad_input" else _trace_of(error)
        reporter.send("failed", failure=failure, sentence=sentence, traceback=trace)
        return 1
    return 0


def _trace_of(error: Exception) -> str:
    """That of the process in which it happened."""
    return error.trace if isinstance(error, RankFailed) else traceback.format_exc()
