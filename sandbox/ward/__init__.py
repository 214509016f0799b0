"""A synthetic ward, 阿良澄区 (Arasumi): invented residents, premiums, payments and check-ups, and what happens to them.

Everything is a function of (seed, size, as_of): the same three give the same records byte for byte on any machine.
"""

from sandbox.ward.load import LoadReport, load_facts, load_ward
from sandbox.ward.spec import BadWard, WardSpec
from sandbox.ward.tables import Facts, Rows
from sandbox.ward.ward_time import Message, Topic, WardTime

__all__ = [
    "BadWard",
    "Facts",
    "LoadReport",
    "Message",
    "Rows",
    "Topic",
    "WardSpec",
    "WardTime",
    "load_facts",
    "load_ward",
]
