"""Becomes another program that the kernel ends when its parent ends, however that happens.

    python launch.py PARENT_PID PROGRAM [ARGUMENT…]

The request must be made in the child. Made here, no Python code runs between fork and exec
of the supervisor, which has threads. It survives the exec; the process id stays the same.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main(parent: str, *command: str) -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != int(parent):  # it ended before the request was made
        sys.exit("the supervisor is gone")
    os.execv(command[0], command)


if __name__ == "__main__":
    main(*sys.argv[1:])
