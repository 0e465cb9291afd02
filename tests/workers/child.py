"""A child for tests: does the steps of its spec. Started as `python -m ml job` would be."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from ml.reports import Reporter, to_descriptor


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


def leave_behind(reporter: Reporter, path: str) -> None:
    """A grandchild that would outlive us, its process id in the file `path`."""
    process = subprocess.Popen(["sleep", "600"])
    Path(path).write_text(str(process.pid))


def tell_pid(reporter: Reporter, path: str) -> None:
    Path(path).write_text(str(os.getpid()))


def tell_environment(reporter: Reporter) -> None:
    reporter.send("seen", variables=dict(os.environ), folder=str(Path.cwd()))


STEPS = {
    step.__name__: step
    for step in (
        send, write, sleep, wait_for, ignore_term, save_on_term, end_by, leave_behind, tell_pid,
        tell_environment,
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
