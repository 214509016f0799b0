"""Measurements of the hand-over and of receipts: `python -m bench`."""
