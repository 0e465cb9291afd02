"""Writes the files of this folder anew; what changed in them belongs into the changelog."""

import os

import django

# As tests have them: the document names the cookie, whose name depends on HTTPS.
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "webapp.settings")
os.environ.setdefault("IWAKAN_SECRET_KEY", "read by nobody, but long enough for a key")
os.environ.setdefault("IWAKAN_HTTPS", "false")

if __name__ == "__main__":
    django.setup()

    from tests.webapp.addresses.promised import write

    write()
