"""Becomes another program that the kernel ends when its parent ends, however that happens.

    python launch.py PARENT_PID MEMORY_BYTES FILE_BYTES PROGRAM [ARGUMENT…]

It may allocate so much memory and write files of that length; 0 sets no limit.

The request must be made in the child. Made here, no Python code runs between fork and exec
of the supervisor, which has threads. It survives the exec; the process id stays the same.
"""

import ctypes
import os
import resource
import signal
import sys

PR_SET_PDEATHSIG = 1


def main(parent: str, memory_bytes: str, file_bytes: str, *command: str) -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != int(parent):  # it ended before the request was made
        sys.exit("the supervisor is gone")
    limit(resource.RLIMIT_DATA, int(memory_bytes))
    limit(resource.RLIMIT_FSIZE, int(file_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.execv(command[0], command)


def limit(which: int, n_bytes: int) -> None:
    _, highest = resource.getrlimit(which)
    if n_bytes and (highest == resource.RLIM_INFINITY or n_bytes < highest):
        resource.setrlimit(which, (n_bytes, n_bytes))


if __name__ == "__main__":
    main(*sys.argv[1:])
