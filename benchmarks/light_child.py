"""The child of a light job: steps of sleep instead of training. Resumes where it was told to."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

from ml.reports import to_descriptor


def main(spec_path: str, option: str, descriptor: str) -> None:
    spec = json.loads(Path(spec_path).read_text())
    reporter = to_descriptor(int(descriptor))
    if spec["is_stubborn"]:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        subprocess.Popen(["sleep", "3600"])
    for step in range(spec["first_step"], spec["n_steps"]):
        time.sleep(spec["seconds_per_step"])
        reporter.send("checkpoint", step=step + 1)
        reporter.progress(stage="train", done=step + 1, total=spec["n_steps"], unit="steps")


if __name__ == "__main__":
    main(*sys.argv[1:])
