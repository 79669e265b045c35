"""What every part of the study is made of: strict tables, and the kinds of numbers."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Technology = Literal["GSM", "UMTS", "LTE", "NR"]
TECHNOLOGIES: tuple[Technology, ...] = ("GSM", "UMTS", "LTE", "NR")

Share = Annotated[float, Field(gt=0, le=1)]
Probability = Annotated[float, Field(gt=0, lt=1)]
Positive = Annotated[float, Field(gt=0)]
NotNegative = Annotated[float, Field(ge=0)]


class Section(BaseModel):
    """Base of every table of the study file: unknown keys are errors, values never change."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)
