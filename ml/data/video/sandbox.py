"""Reads one file of unknown origin in a child process that can do little harm.

The child has limits on memory, time and what it writes, no secrets in its environment, no
network where the kernel allows to leave it, and dies with its parent.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ml.data.video.confinement import CLONE_NEWNET, CLONE_NEWUSER, Limits
from ml.records import BadInput

__all__ = ["CLONE_NEWNET", "CLONE_NEWUSER", "Limits", "run"]

ROOT = Path(__file__).parents[3]


def run(
    request: dict[str, Any], *, folder: Path, n_bytes: int, limits: Limits, threads: int = 2
) -> dict[str, Any]:
    """Let the module `probe_child` answer. It may write below `folder`, and decodes with `threads`.

    Raise BadInput with the child's own sentence, or naming the limit or signal that ended it;
    OSError when the disk is full.
    """
    wall = limits.wall_seconds(n_bytes)
    confinement = {"limits": asdict(limits), "n_bytes": n_bytes, "parent": os.getpid()}
    with _started(folder, threads) as child:
        try:
            output, errors = child.communicate(json.dumps(request | confinement).encode(), wall)
        except subprocess.TimeoutExpired as error:
            raise BadInput(f"reading it took longer than {wall:g} s and was stopped") from error
        finally:
            _end(child)
    return _answer(child.returncode, output, errors, limits.cpu_seconds(n_bytes))


def _started(folder: Path, threads: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "ml.data.video.probe_child"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=folder,
        env=_environment(threads),
        process_group=0,
    )


def _environment(threads: int) -> dict[str, str]:
    """Nothing of ours. Fewer malloc arenas: each reserves address space that the limit counts."""
    return {
        "PATH": os.defpath,
        "LANG": "C.UTF-8",
        "PYTHONPATH": str(ROOT),
        "MALLOC_ARENA_MAX": "2",
        "OPENBLAS_NUM_THREADS": "1",
        "DECODER_THREADS": str(threads),
    }


def _end(child: subprocess.Popen[bytes]) -> None:
    if child.poll() is None:
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()


def _answer(status: int, output: bytes, errors: bytes, cpu_seconds: int) -> dict[str, Any]:
    if status == 0:
        answer: dict[str, Any] = json.loads(output)
        if "rejected" in answer:
            raise BadInput(answer["rejected"])
        if "errno" in answer:
            raise OSError(answer["errno"], os.strerror(answer["errno"]), "survey")
        return answer
    if status == -signal.SIGXCPU:
        raise BadInput(f"reading it took more than {cpu_seconds} s of processor time")
    if status == -signal.SIGKILL:
        raise BadInput("reading it was killed (SIGKILL), as when the machine is out of memory")
    if status < 0:
        raise BadInput(f"reading it crashed the decoder ({signal.Signals(-status).name})")
    last_line = errors.decode(errors="replace").strip().rpartition("\n")[2]
    raise BadInput(f"reading it failed: {last_line}")
