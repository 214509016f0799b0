"""Where files lie that have been dealt with: those of extracts and of consoles."""

import os
from pathlib import Path

from oshirase.adapters import drop_folder
from oshirase.adapters.gateways import console_csv
from oshirase.adapters.settings import console_names, load_console, load_ingest


def handled_folders() -> list[Path]:
    """Folders whose old files retention removes; none of a kind whose variable is not set.

    Where files wait for somebody (`drop`, `staging`, `upload`, `results`, `lists`) nothing is removed.

    Raises:
        BadSettings: of `config/ingest.toml` or a console's file.
    """
    folders: list[Path] = []
    if root := os.environ.get(drop_folder.SETTING):
        of_extracts = load_ingest().folders
        folders += [Path(root, name) for name in (of_extracts.archive, of_extracts.refused, of_extracts.reports)]
    if root := os.environ.get(console_csv.SETTING):
        folders += [Path(root, load_console(name).folders.archive) for name in console_names()]
    return sorted(set(folders))
