"""Random secrets for links and tokens, and the hash that is stored instead of them.

A plain SHA-256 is enough: 256 random bits cannot be guessed, unlike a password.
"""

import hashlib
import secrets

N_BYTES = 32
TOKEN_PREFIX = "iwk_"  # lets people and scanners recognise a leaked token


def new_secret(prefix: str = "") -> str:
    return prefix + secrets.token_urlsafe(N_BYTES)


def hash_secret(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
