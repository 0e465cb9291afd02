from django.contrib.staticfiles import finders


def test_plotly_is_served_from_its_package():
    assert finders.find("plotly.min.js").endswith("plotly/package_data/plotly.min.js")
    assert finders.find("widgetbundle.js") is None


def test_every_static_file_that_the_frame_names_exists(as_alice):
    page = as_alice.get("/profile").text
    names = {part.split('"')[0] for part in page.split('"/static/')[1:]}
    assert {"iwakan/tokens.css", "iwakan/keys.js", "plotly.min.js"} <= names
    assert [name for name in names if finders.find(name) is None] == []
