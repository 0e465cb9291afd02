"""What the site's log must not hold."""

from __future__ import annotations

import logging
import re

# Whoever reads such an address can use it: share links, login links, invitations.
SECRET_IN_PATH = re.compile(r"(/s/|/login/link/|/invitations/)[^\s/?\"']+")


class HideSecrets(logging.Filter):
    """Keeps the secrets of addresses out of every line; the rest of the line stays."""

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        hidden = SECRET_IN_PATH.sub(r"\1…", message)
        if hidden != message:
            record.msg, record.args = hidden, ()
        return True
