"""What every table of the config is made of."""

from __future__ import annotations

from types import MappingProxyType
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

Whole = Annotated[int, Field(strict=True)]
Frozen = AfterValidator(MappingProxyType)


class Section(BaseModel):
    """A table of the config: unknown keys are refused, nothing changes after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)
