"""`python -m ml`: the science without the site, and the entry point of a job's process."""

# Without `from __future__ import annotations`, whose name is that of a module here.
import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from ml import child
from ml.cli import annotations, datasets, detection, evaluation, extraction, leaks, methods, watch
from ml.records import BadInput
from ml.reports import to_descriptor, to_terminal


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    try:
        return int(options.run(options) or 0)
    except BadInput as error:
        print(error, file=sys.stderr)
    except OSError as error:
        sentence = f"{error.filename}: {error.strerror}" if error.filename else error.strerror
        print(sentence, file=sys.stderr)
    return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m ml", description=__doc__)
    verbs = parser.add_subparsers(required=True, metavar="VERB")
    methods.add_verbs(verbs)
    extraction.add_verbs(verbs)
    detection.add_verbs(verbs)
    evaluation.add_verb(verbs)
    datasets.add_verbs(verbs)
    leaks.add_verb(verbs)
    annotations.add_verb(verbs)
    watch.add_verbs(verbs)

    job = verbs.add_parser("job", help="do one job of the site, as its worker asks")
    job.add_argument("spec", type=Path)
    job.add_argument("--events-fd", type=int, help="where events go; to the terminal unless told")
    job.set_defaults(run=_job)
    return parser


def _job(options: argparse.Namespace) -> int:
    spec = json.loads(options.spec.read_text())
    reporter = to_terminal() if options.events_fd is None else to_descriptor(options.events_fd)
    return child.run(spec, reporter)
