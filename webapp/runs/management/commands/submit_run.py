"""Submits a run from the shell of the server, like the form and the REST call."""

from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from django.core.management.base import BaseCommand, CommandError, CommandParser

from webapp.accounts.models import User
from webapp.common.errors import UserError
from webapp.common.schema import fields_of
from webapp.datasets.models import FeatureSet, RegionSet, Split
from webapp.runs import services
from webapp.runs.models import Method, Run, Weights


class Command(BaseCommand):
    help = "Submit a run and print its id."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--by", required=True, metavar="EMAIL", help="who submits it")
        parser.add_argument("--split", required=True, metavar="ID", help="split of a dataset")
        parser.add_argument("--method", required=True, metavar="NAME")
        parser.add_argument(
            "--feature_set", default="", metavar="ID", help="for a method that reads features"
        )
        parser.add_argument(
            "--region_set", default="", metavar="ID", help="what a method that reads clips looks at"
        )
        parser.add_argument(
            "--starts_from", default="", metavar="ID", help="the run whose weights it begins with"
        )
        parser.add_argument(
            "--starts_from_weights", default="", metavar="ID",
            help="weights that were brought in, to begin with",
        )  # fmt: skip
        parser.add_argument(
            "--weights", default="", metavar="ID",
            help="weights that were brought in, to score as they are: nothing is trained",
        )  # fmt: skip
        parser.add_argument("--seed", type=int, default=0)
        parser.add_argument("--selection", default=Run.Selection.LAST)
        parser.add_argument("--queue", default="")
        parser.add_argument("--name", default="")
        parser.add_argument(
            "--set", action="append", default=[], metavar="FIELD=VALUE",
            help="a field of the method's config; may be repeated",
        )  # fmt: skip

    def handle(self, **options: Any) -> None:
        try:
            by = User.objects.get(email__iexact=options["by"])
            split = Split.objects.select_related("dataset__team").get(pk=options["split"])
            method = Method.objects.get(pk=options["method"])
            run = services.create_run(
                team=split.dataset.team,
                dataset=split.dataset,
                split=split,
                method=method,
                feature_set=_feature_set(options["feature_set"]),
                region_set=_region_set(options["region_set"]),
                starts_from=_run(options["starts_from"]),
                starts_from_weights=_weights(options["starts_from_weights"]),
                weights=_weights(options["weights"]),
                config=parse_config(method, options["set"]),
                by=by,
                **{name: options[name] for name in ("seed", "selection", "queue", "name")},
            )
        except ObjectDoesNotExist as error:
            raise CommandError(str(error)) from error
        except UserError as error:
            raise CommandError(error.sentence) from error
        self.stdout.write(run.pk)


def _feature_set(pk: str) -> FeatureSet | None:
    return FeatureSet.objects.get(pk=pk) if pk else None


def _region_set(pk: str) -> RegionSet | None:
    return RegionSet.objects.get(pk=pk) if pk else None


def _run(pk: str) -> Run | None:
    return Run.objects.get(pk=pk) if pk else None


def _weights(pk: str) -> Weights | None:
    return Weights.objects.get(pk=pk) if pk else None


def parse_config(method: Method, settings: list[str]) -> dict[str, Any]:
    """`["epochs=5"]` as `{"epochs": 5}`. Unknown fields stay text, for the check to name."""
    fields = {field.name: field for field in fields_of(method.schema)}
    pairs = [setting.partition("=")[::2] for setting in settings]
    return {name: fields[name].parse(text) if name in fields else text for name, text in pairs}
