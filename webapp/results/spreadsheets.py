"""Texts that a spreadsheet would run as a formula, and how they are kept from it."""

# East Asian spreadsheets also take the wide signs.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def guarded(text: str) -> str:
    """With an apostrophe before what would be run."""
    return "'" + text if _is_formula(text) else text


def unguarded(text: str) -> str:
    """As it was before it was guarded."""
    return text[1:] if text[:1] == "'" and _is_formula(text[1:]) else text


def _is_formula(text: str) -> bool:
    return text.lstrip(" ").startswith(FORMULA)
