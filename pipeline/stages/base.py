"""What every stage's settings have in common."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class StageSettings(BaseModel):
    """Frozen numbers, words and paths; a key that no field names is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=False)
