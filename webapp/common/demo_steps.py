"""The steps of `make demo`, told by two processes: the one that starts the stack, and its story."""

STEPS = (
    "Database",
    "Migrations",
    "Site and worker",
    "Rendering",
    "Import",
    "Training",
    "Scoring",
    "Page",
)


def numbered(step: str, what: str) -> str:
    """A line that says how far the demo is. Raise ValueError for a step that is none of STEPS."""
    return f"[{STEPS.index(step) + 1}/{len(STEPS)}] {step}: {what}"
