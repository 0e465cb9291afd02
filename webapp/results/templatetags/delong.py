"""DeLong's test in templates of pages that show evaluations side by side."""

from __future__ import annotations

from django import template

from ml.metrics import Comparison
from webapp.results.models import Evaluation
from webapp.results.studies.delong import delong

register = template.Library()


@register.filter
def delong_to(evaluation: Evaluation | None, first: Evaluation | None) -> Comparison | None:
    """`{% with found=column.evaluation|delong_to:first.evaluation %}`"""
    return None if evaluation == first else delong(evaluation, first)
