"""The embedded Postgres: the wheel's binaries as our own child process.

Postgres refuses to run as root. As root it therefore runs as an unprivileged user, which
must be able to enter the folders of its data and programs; where it cannot (a checkout
below a closed home), both lie elsewhere: see `outside.py`.
"""

import os
import pwd
import secrets
import shutil
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

import psycopg

from webapp.stack import outside, processes

UNPRIVILEGED = ("postgres", "nobody")
SERVER_USER = "iwakan"
# For throw-away clusters of tests: a crash may lose everything.
FAST_AND_UNSAFE = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")


@dataclass
class Postgres:
    """A running server."""

    process: subprocess.Popen[bytes]
    url: str

    def stop(self) -> None:
        processes.stop(self.process, signal.SIGINT, patience=15)


def start(home: Path, *, port: int | None = None, options: tuple[str, ...] = ()) -> Postgres:
    """Start the server of the data of `home`, making them first where there are none.

    Raise RuntimeError with the reason when it does not start, TimeoutError when it never answers.
    """
    home.mkdir(parents=True, exist_ok=True)
    user = _unprivileged_user()
    binaries = outside.programs_for(home, user) / "bin"
    data = outside.data_folder(home, user) / "postgres"
    password_file = home / "postgres-password"
    if not (data / "PG_VERSION").exists():
        _initialise(data, binaries=binaries, password_file=password_file, user=user)
    elif not password_file.exists():
        raise RuntimeError(
            f"The database in {data} cannot be opened: its password, which lay in "
            f"{password_file}, is gone. Put that file back, or remove the data with `make clean`"
        )
    port = port or processes.free_port()
    log = home / "log" / "postgres.log"
    settings = ["listen_addresses=127.0.0.1", "unix_socket_directories=", *options]
    process = processes.start(
        [str(binaries / "postgres"), "-D", str(data), "-p", str(port)]
        + [part for setting in settings for part in ("-c", setting)],
        log=log,
        end_signal=signal.SIGINT,
        user=user,
        cwd="/",
    )
    url = f"postgresql://{SERVER_USER}:{password_file.read_text()}@127.0.0.1:{port}/postgres"
    processes.wait_until(lambda: _answers(url, process, log), what="Postgres")
    return Postgres(process=process, url=_with_database(url, "iwakan"))


def _initialise(
    data: Path, *, binaries: Path, password_file: Path, user: pwd.struct_passwd | None
) -> None:
    """Make it under another name, so that one which was interrupted is not taken for whole."""
    unfinished = data.with_name("postgres.unfinished")
    for folder in (data, unfinished):
        shutil.rmtree(folder, ignore_errors=True)
    unfinished.mkdir(parents=True, mode=0o700)
    password_file.parent.mkdir(parents=True, exist_ok=True)
    password_file.touch(mode=0o600)
    password_file.write_text(secrets.token_urlsafe(24))
    readable = data.with_name("initdb-password")
    shutil.copy(password_file, readable)
    if user is not None:
        for path in (unfinished, readable):
            os.chown(path, user.pw_uid, user.pw_gid)
    command = [
        str(binaries / "initdb"), "-D", str(unfinished), "-U", SERVER_USER, "--auth=scram-sha-256",
        f"--pwfile={readable}", "-E", "UTF8", "--locale-provider=builtin",
        "--builtin-locale=C.UTF-8", "--no-sync",
    ]  # fmt: skip
    result = subprocess.run(
        command,
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
        **processes.identity(user),
    )
    readable.unlink()
    if result.returncode != 0:
        raise RuntimeError(f"initdb failed: {result.stderr.strip()}")
    unfinished.rename(data)


def _answers(url: str, process: subprocess.Popen[bytes], log: Path) -> bool:
    if process.poll() is not None:
        raise RuntimeError(f"Postgres ended while starting: see {log}")
    try:
        with psycopg.connect(url, connect_timeout=10, autocommit=True) as connection:
            exists = connection.execute("SELECT 1 FROM pg_database WHERE datname = 'iwakan'")
            if exists.fetchone() is None:
                connection.execute("CREATE DATABASE iwakan")
            return True
    except psycopg.OperationalError:
        return False


def _with_database(url: str, name: str) -> str:
    return url.rsplit("/", 1)[0] + "/" + name


def _unprivileged_user() -> pwd.struct_passwd | None:
    """The user to drop to, or None when we are not root."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    return next(known[name] for name in UNPRIVILEGED if name in known)
