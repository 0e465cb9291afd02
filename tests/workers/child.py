"""A child for tests: does the steps of its spec. Started as `python -m ml job` would be."""

import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, TextIO

from ml.reports import Reporter, to_descriptor

HELD: list[TextIO] = []


def send(reporter: Reporter, event: str, fields: dict) -> None:
    reporter.send(event, **fields)


def write(reporter: Reporter, text: str) -> None:
    print(text)


def sleep(reporter: Reporter, seconds: float) -> None:
    time.sleep(seconds)


def wait_for(reporter: Reporter, path: str) -> None:
    """Until somebody makes the file `path`."""
    while not Path(path).exists():
        time.sleep(0.02)


def ignore_term(reporter: Reporter) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)


def save_on_term(reporter: Reporter) -> None:
    def save(*_: object) -> None:
        reporter.send("checkpoint", step=7)
        sys.exit(143)

    signal.signal(signal.SIGTERM, save)


def end_by(reporter: Reporter, name: str) -> None:
    os.kill(os.getpid(), signal.Signals[name])


def leave_behind(reporter: Reporter, path: str, has_own_session: bool = False) -> None:
    """A grandchild that would outlive us and holds the file `path`."""
    with held(path) as file:
        subprocess.Popen(
            ["sleep", "600"], pass_fds=[file.fileno()], start_new_session=has_own_session
        )


def hold(reporter: Reporter, path: str) -> None:
    """The file `path`, for as long as we live: a process id says little outside our walls."""
    HELD.append(held(path))


def held(path: str) -> TextIO:
    file = Path(path).open("w")  # noqa: SIM115  # it stays open
    fcntl.flock(file, fcntl.LOCK_EX)
    file.write("held")
    file.flush()
    return file


def run_python(reporter: Reporter, code: str) -> None:
    """Tell what `found` is after it, or what was raised."""
    names: dict[str, Any] = {}
    try:
        exec(code, names)
    except Exception as error:
        names["found"] = repr(error)
    reporter.send("seen", found=names["found"])


def tell_environment(reporter: Reporter) -> None:
    reporter.send("seen", variables=dict(os.environ), folder=str(Path.cwd()))


STEPS = {
    step.__name__: step
    for step in (
        send, write, sleep, wait_for, ignore_term, save_on_term, end_by, leave_behind, hold,
        tell_environment, run_python,
    )
}  # fmt: skip


def main(spec_path: str, option: str, descriptor: str) -> None:
    reporter = to_descriptor(int(descriptor))
    for name, *arguments in json.loads(Path(spec_path).read_text())["steps"]:
        if name == "exit":
            sys.exit(*arguments)
        STEPS[name](reporter, *arguments)


if __name__ == "__main__":
    main(*sys.argv[1:])
