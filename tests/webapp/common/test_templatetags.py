from datetime import timedelta

import pytest
from django.template import Context, Template
from django.test import RequestFactory
from django.utils import timezone

from webapp.common.templatetags.iwakan import duration, metric, relative_time


@pytest.mark.parametrize(
    ("seconds", "written"),
    [
        (0, "0.0 s"),
        (8.44, "8.4 s"),
        (9.96, "10 s"),
        (59.4, "59 s"),
        (59.6, "1 min 00 s"),
        (185, "3 min 05 s"),
        (3_725, "1 h 02 min"),
        (183_600, "2 d 03 h"),
        (timedelta(minutes=2), "2 min 00 s"),
        (None, "–"),
        (float("inf"), "–"),
    ],
)
def test_duration_names_its_two_largest_units(seconds, written):
    assert duration(seconds) == written


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (0.81249, "0.812"),
        (0.82396, "0.824"),
        (0.99996, "1.000"),
        (0, "0.000"),
        (None, "–"),
        (float("nan"), "–"),
    ],
)
def test_metric_rounds_and_writes_missing_as_a_dash(value, written):
    assert metric(value) == written


@pytest.mark.parametrize(
    ("distance", "written"),
    [
        (timedelta(seconds=-20), "just now"),
        (timedelta(hours=-3, minutes=-10), "3\xa0hours ago"),
        (timedelta(days=2, hours=1), "in 2\xa0days"),
    ],
)
def test_relative_time_keeps_the_exact_time_on_hover(distance, written):
    moment = timezone.now() + distance
    html = relative_time(moment)
    assert f">{written}</time>" in html
    assert f'title="{moment:%Y-%m-%d %H:%M:%S} UTC"' in html


def test_relative_time_of_nothing_is_a_dash():
    assert relative_time(None) == "–"


@pytest.mark.parametrize(
    ("path", "marked"),
    [
        ("/runs", ["runs"]), ("/runs/run_1", ["runs"]), ("/runsaway", []), ("/", ["home"]),
        ("/weights", ["runs"]), ("/weights/weights_1", ["runs"]), ("/drafts/1", ["runs"]),
    ],
)  # fmt: skip
def test_is_current_marks_the_section_of_the_page(path, marked):
    template = Template(
        "{% load iwakan %}{% is_current '/' True %}|{% is_current '/runs' '' '/weights /drafts' %}"
    )
    answers = template.render(Context({"request": RequestFactory().get(path)})).split("|")
    sections = zip(["home", "runs"], answers, strict=True)
    assert [name for name, answer in sections if answer == 'aria-current="page"'] == marked


@pytest.mark.parametrize(
    ("is_shared", "written"),
    [(False, '<a href="/runs/1?a&amp;b">&lt;b&gt;</a>'), (True, "&lt;b&gt;")],
)
def test_member_link_leads_nowhere_for_outsiders(is_shared, written):
    names = Context({"name": "<b>", "address": "/runs/1?a&b", "is_shared": is_shared})
    template = Template("{% load iwakan %}{% member_link name address %}")
    assert template.render(names) == written
