"""The process that keeps the queue moving.

    python -m workers.housekeeper

One is enough and several do no harm: every step is a guarded UPDATE or can be repeated.
"""

import os
import signal

import django


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "webapp.settings")
    django.setup()
    from workers.housekeeping import Housekeeper

    housekeeper = Housekeeper()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: housekeeper.is_stopping.set())
    housekeeper.run()


if __name__ == "__main__":
    main()
