"""The one exception that users are meant to read."""


class BadInput(Exception):
    """A fault in what the user gave, as one plain sentence for that user."""
