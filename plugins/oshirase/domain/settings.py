"""What all settings files have in common."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Text = Annotated[str, Field(min_length=1)]


class Settings(BaseModel):
    """Settings are fixed once read, and an unknown key is a mistake.

    Messages of validators are read by staff. They end without a full stop: the value follows.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, use_attribute_docstrings=True)


class NamedSettings(Settings):
    """Settings of which there are several files: each is called as its file, and does not say so itself."""

    name: Text
