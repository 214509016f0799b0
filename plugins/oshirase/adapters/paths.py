"""Where the project's files lie: SQL statements and settings."""

import os
from pathlib import Path


def project_home() -> Path:
    """The folder that holds `include/` and `config/`: $OSHIRASE_HOME, or the checkout that this package lies in."""
    return Path(os.environ.get("OSHIRASE_HOME") or Path(__file__).parents[3])
