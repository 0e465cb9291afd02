"""The real worker app, which also knows the kind of job that tests use."""

from workers.celery import app

app.conf.include = [*app.conf.include, "tests.workers.acting"]
