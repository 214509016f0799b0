"""Whether the DAG files can be read, by reading them as the DAG processor does."""

import sys
from collections.abc import Mapping
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

from airflow.configuration import conf

from oshirase.errors import BadSettings, UnknownCampaign


def read_dags(folder: Path | None = None) -> Mapping[str, str]:
    """DAG files that cannot be read, by name, each with the kind of error.

    Settings that are wrong are not among them: they have an alert of their own, with the sentence.
    """
    folder = folder or Path(conf.get_mandatory_value("core", "dags_folder"))
    errors = {path.stem: _error(path) for path in sorted(folder.glob("*.py"))}
    return {name: error for name, error in errors.items() if error}


def _error(path: Path) -> str | None:
    spec = spec_from_file_location(f"watched_{path.stem}", path)
    if spec is None or spec.loader is None:
        return "ImportError"
    module = module_from_spec(spec)
    sys.modules[spec.name] = module
    try:
        spec.loader.exec_module(module)
    except (BadSettings, UnknownCampaign):
        return None
    except Exception as error:
        return type(error).__name__
    finally:
        del sys.modules[spec.name]
    return None
