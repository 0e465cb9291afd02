"""Why a job ended: from exit status, signal, exception and the child's own word to a sentence."""

from __future__ import annotations

import errno
import signal
import traceback
from dataclasses import dataclass, field
from typing import Any

from ml.records import BadInput
from ml.reports import Event
from webapp.common.errors import UserError
from webapp.jobs.models import Job
from workers.walls import NoWalls

Failure = Job.Failure
SHELL_SIGNAL = 128  # a program that caught signal n and ended because of it returns 128 + n
SENTENCES: dict[int, str] = {
    signal.SIGSEGV: "it reached for memory that is not its own, a fault in native code",
    signal.SIGABRT: "it gave up, usually after an assertion in native code",
    signal.SIGILL: "it used an instruction that this processor does not have",
    signal.SIGXCPU: "it used up its processor time",
    signal.SIGTERM: "somebody on the machine asked it to end",
}


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How a job ended, as it is stored."""

    status: str = Job.Status.FAILED
    failure: str = ""
    reason: str = ""
    traceback: str = ""
    result: dict[str, Any] = field(default_factory=dict)


WORKER_STOPPED = Outcome(
    status=Job.Status.LOST,
    reason="The worker was stopped. The job waits again and goes on from what is stored.",
)


def of_child(
    returncode: int, *, result: dict[str, Any], failed: Event | None, last_output: str
) -> Outcome:
    """Of a child that ended by itself. `failed` is what it said about that."""
    if failed is not None:
        return _of_failed_event(failed)
    if returncode == 0:
        return Outcome(status=Job.Status.SUCCEEDED, result=result)
    if returncode < 0:
        return _of_signal(-returncode, last_output)
    if returncode > SHELL_SIGNAL:
        return _of_signal(returncode - SHELL_SIGNAL, last_output)
    return _of_status(returncode, last_output)


def of_time_limit(seconds: int) -> Outcome:
    return Outcome(
        status=Job.Status.TIMED_OUT,
        failure=Failure.TIMEOUT,
        reason=f"It ran longer than its time limit of {_duration(seconds)}.",
    )


def of_exception(error: Exception) -> Outcome:
    """Of a fault on our side of the pipe: while preparing, or while storing what came."""
    if isinstance(error, UserError | BadInput):
        return Outcome(failure=Failure.BAD_INPUT, reason=str(error))
    if isinstance(error, NoWalls):
        return Outcome(failure=Failure.PLATFORM_ERROR, reason=str(error))
    trace = "".join(traceback.format_exception(error))
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return Outcome(
            failure=Failure.STORAGE_FULL,
            reason="The disk is full: what the job made could not be stored. What was stored "
            "before is kept.",
            traceback=trace,
        )
    return Outcome(
        failure=Failure.PLATFORM_ERROR,
        reason=f"The platform failed while it handled this job: {error or type(error).__name__}",
        traceback=trace,
    )


def _of_failed_event(failed: Event) -> Outcome:
    known = failed.get("failure") in Failure.values
    return Outcome(
        failure=failed["failure"] if known else Failure.METHOD_ERROR,
        reason=str(failed.get("sentence", "")),
        traceback=str(failed.get("traceback", "")),
    )


def _of_signal(number: int, last_output: str) -> Outcome:
    if number == signal.SIGKILL:
        return Outcome(
            failure=Failure.OUT_OF_MEMORY,
            reason="The system killed the process (SIGKILL), most likely because the machine's "
            "memory ran out. Use a smaller batch or input size, or a worker with more memory.",
            traceback=last_output,
        )
    names = {known.value: known.name for known in signal.Signals}
    why = SENTENCES.get(number, "the log's last lines may tell why")
    return Outcome(
        failure=Failure.METHOD_ERROR,
        reason=f"The process was ended by signal {names.get(number, number)}: {why}.",
        traceback=last_output,
    )


def _of_status(returncode: int, last_output: str) -> Outcome:
    if "MemoryError" in last_output:
        return Outcome(
            failure=Failure.OUT_OF_MEMORY,
            reason="The process ran into its memory limit.",
            traceback=last_output,
        )
    return Outcome(
        failure=Failure.METHOD_ERROR,
        reason=f"The process ended with status {returncode} without saying why; the log's last "
        "lines may tell.",
        traceback=last_output,
    )


def _duration(seconds: int) -> str:
    hours, rest = divmod(seconds, 3600)
    minutes, rest = divmod(rest, 60)
    parts = ((hours, "h"), (minutes, "min"), (rest, "s"))
    return " ".join(f"{count} {unit}" for count, unit in parts if count)
