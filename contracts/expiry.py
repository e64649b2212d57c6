"""How long points and store credit can be used."""

from typing import Any

from pydantic import Field, ValidationInfo, field_validator

from contracts.goals import Strict

LONGEST_DAYS = 3_650


class Expiring(Strict):
    """A rule whose reward, as points or store credit, may expire."""

    expires_after_days: int | None = Field(
        None,
        ge=1,
        le=LONGEST_DAYS,
        strict=True,
        description="Whole days after the day of its release in which points or store credit can be used; what is left"
        " then expires. Left out: it never does.",
    )

    @field_validator("pay_as", check_fields=False)
    @classmethod
    def _cash_stays(cls, pay_as: Any, info: ValidationInfo) -> Any:
        if pay_as == "cash" and info.data.get("expires_after_days") is not None:
            raise ValueError("cash does not expire; pay as store_credit or points, or leave expires_after_days out")
        return pay_as
