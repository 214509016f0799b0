"""The ward as the files that a vendor's business system would export, and what comes later as files of additions.

CSV in CP932 with CRLF, headings and words from `config/extracts/*.toml`. With a share of faults, rows that must be
rejected stand between the good ones; the good ones are the ward, whole, whatever the share.
"""

from contextlib import ExitStack
from datetime import datetime
from math import ceil
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pandas as pd

from oshirase.adapters.settings import load_layouts
from oshirase.domain.calendar import JST
from oshirase.domain.extract import Layout
from sandbox.ward.arrays import FOREVER, Draws, Floats, whole
from sandbox.ward.extract_cells import Cells, heading, write_cells
from sandbox.ward.extract_faults import PlantedFault, ways_to_be_wrong, wrong_row
from sandbox.ward.making import make_chunks
from sandbox.ward.spec import BadWard, WardSpec
from sandbox.ward.tables import TABLES, Facts, Rows

_TRAILING_SEPARATOR, _BLANK_ROWS = 0.01, 0.001
_BLANK = ("", ",,,", "　")


def write_extracts(
    ward: WardSpec, folder: Path, *, known_at: datetime | None = None, fault_share: float = 0.0
) -> list[PlantedFault]:
    """Write what the records know at the ward's `as_of`, current versions only, one snapshot a layout.

    `known_at` stands for an earlier moment: the same ward, as a file of that moment tells it. `fault_share` is the
    number of faulty rows added to each file, as a share of its good rows, rounded up in every chunk of the ward. The
    same arguments give the same files.

    Returns:
        The faults, in the order of the layouts and their lines.

    Raises:
        BadWard: `fault_share` is not from 0 to 1, or `known_at` is later than `as_of`.
    """
    if not 0 <= fault_share <= 1:
        raise BadWard(f"a share of faults is from 0 to 1, not {fault_share}")
    known_at = known_at or ward.as_of
    if known_at > ward.as_of:
        raise BadWard(f"what is known after {ward.as_of.isoformat()} comes as additions")
    layouts = [layout for layout in load_layouts() if layout.mode == "snapshot" and layout.table in TABLES]
    with ExitStack() as files:
        extracts = [
            _Extract(layout, files.enter_context(extract_path(folder, layout, known_at).open("wb")), ward.seed)
            for layout in layouts
        ]
        for chunk in make_chunks(ward):
            facts = chunk.known_facts(known_at)
            for extract in extracts:
                rows = facts[extract.layout.table]
                extract.write(rows.where(rows["superseded_at"] == FOREVER), chunk.draws, fault_share)
    return [fault for extract in extracts for fault in extract.faults]


def write_later_extracts(facts: Facts, folder: Path, until: datetime) -> list[Path]:
    """Write what became known until `until` (see `WardTime.arrivals`) as files of additions, named by `until`.

    A file holds the newest version of each fact; one with headings alone says that nothing was added.
    """
    layouts = [layout for layout in load_layouts() if layout.mode == "delta" and layout.table in facts]
    paths = []
    for layout in layouts:
        path = extract_path(folder, layout, until)
        with path.open("wb") as file:
            rows = _newest(facts[layout.table], layout.key)
            _Extract(layout, file, 0).write(rows, Draws(int(until.timestamp()), 0), 0)
        paths.append(path)
    return paths


def extract_path(folder: Path, layout: Layout, as_of: datetime) -> Path:
    """Where an extract of a moment is written: to the minute, as the names tell it."""
    return folder / as_of.astimezone(JST).strftime(layout.file_name)


def _newest(rows: Rows, key: tuple[str, ...]) -> Rows:
    rows = rows.in_order_of_recording()
    keys = pd.DataFrame({name: rows[name] for name in key})
    return rows.where(~keys.duplicated(keep="last").to_numpy())


class _Extract:
    """One file, written chunk by chunk."""

    def __init__(self, layout: Layout, file: BinaryIO, seed: int) -> None:
        self.layout = layout
        self.faults: list[PlantedFault] = []
        self._file = file
        self._lines = 0
        wrongs = ways_to_be_wrong(layout)
        order = np.argsort(Draws(seed, 0).uniform(f"extract {layout.name} wrongs", len(wrongs)))
        self._wrongs = [wrongs[place] for place in order.tolist()]

    def write(self, rows: Rows, draws: Draws, fault_share: float) -> None:
        """Add rows; faulty and blank ones come between them."""
        cells = write_cells(rows, self.layout, draws)
        if not self._lines:
            self._put([",".join(heading(self.layout, name) for name in cells)])
        ends = np.where(self._uniform(draws, "ends", len(rows)) < _TRAILING_SEPARATOR, ",", "").tolist()
        good = [",".join(row) + end for *row, end in zip(*cells.values(), ends, strict=True)]
        done = 0
        for place, is_fault in self._insertions(draws, len(rows), fault_share):
            self._put(good[done:place])
            done = place
            self._put([self._fault(cells, place) if is_fault else _BLANK[place % len(_BLANK)]])
        self._put(good[done:])

    def _insertions(self, draws: Draws, count: int, fault_share: float) -> list[tuple[int, bool]]:
        """Before which of the rows something is put in, in their order, and whether it is a fault."""
        faults, blanks = ceil(fault_share * count), ceil(_BLANK_ROWS * count)
        places = whole(self._uniform(draws, "insertions", faults + blanks), 0, count - 1).tolist()
        return sorted(zip(places, [True] * faults + [False] * blanks, strict=True))

    def _fault(self, cells: Cells, place: int) -> str:
        number = len(self.faults)
        wrong = self._wrongs[number % len(self._wrongs)]
        self.faults.append(PlantedFault(self.layout.name, self._lines + 1, wrong.column, str(wrong.code)))
        return wrong_row(cells, place, self.layout, wrong, number)

    def _put(self, lines: list[str]) -> None:
        self._file.write("".join(f"{line}\r\n" for line in lines).encode("cp932"))
        self._lines += len(lines)

    def _uniform(self, draws: Draws, topic: str, count: int) -> Floats:
        return draws.uniform(f"extract {self.layout.name} {topic}", count)
