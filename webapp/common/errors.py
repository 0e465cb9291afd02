"""Faults of the user, as sentences. Anything else that is raised is an incident."""


class UserError(Exception):
    """A refusal with one plain sentence for the person who caused it.

    `code` is stable and machine-readable; `field` names the form field or JSON pointer.
    """

    def __init__(self, sentence: str, *, code: str = "invalid", field: str = "") -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.code = code
        self.field = field


class ConflictError(UserError):
    """The object is in a state that does not allow this: 409 over REST."""
