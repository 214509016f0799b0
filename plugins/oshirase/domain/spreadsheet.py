"""Cells of a CSV file as a spreadsheet takes them: what it would calculate is marked as text."""

# What a spreadsheet takes for the beginning of a formula.
FORMULA_CHARACTERS = frozenset("=+-@\t\r")
ESCAPE = "'"


def is_formula(cell: str) -> bool:
    """Whether a spreadsheet calculates a cell, or would without the marks at its start."""
    return cell.lstrip(ESCAPE)[:1] in FORMULA_CHARACTERS


def escape(cell: str) -> str:
    """A cell with the mark that keeps a spreadsheet from calculating it, where it needs one."""
    return ESCAPE + cell if is_formula(cell) else cell


def unescape(cell: str) -> str:
    """A cell without that mark."""
    return cell[1:] if cell.startswith(ESCAPE) and is_formula(cell) else cell
