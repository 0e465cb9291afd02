import re

from django.conf import settings
from django.contrib.staticfiles import finders


def test_plotly_is_served_from_its_package():
    assert finders.find("plotly.min.js").endswith("plotly/package_data/plotly.min.js")
    assert finders.find("widgetbundle.js") is None


def test_every_static_file_that_the_frame_names_exists(as_alice):
    page = as_alice.get("/profile").text
    names = {part.split('"')[0] for part in page.split('"/static/')[1:]}
    assert {"iwakan/tokens.css", "iwakan/keys.js", "plotly.min.js"} <= names
    assert [name for name in names if finders.find(name) is None] == []


def test_every_static_file_that_a_template_names_lies_in_one_app():
    texts = [path.read_text() for path in (settings.BASE_DIR / "templates").rglob("*.html")]
    names = {name for text in texts for name in re.findall(r'{% static "([^"]+)" %}', text)}
    assert len(names) > 20
    found = {name: finders.find(name, find_all=True) for name in names}
    assert {name: paths for name, paths in found.items() if len(paths) != 1} == {}
