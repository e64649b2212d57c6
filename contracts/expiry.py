"""How long points and store credit can be used, and when their holder is told that they expire."""

from typing import Annotated, Any, Final, Literal

from pydantic import Field, ValidationInfo, field_validator

from contracts.goals import Strict

LONGEST_DAYS: Final = 3_650
LONGEST_NOTICE_DAYS: Final = 365
GoodwillDays = Annotated[
    int | None,
    Field(
        ge=1,
        le=LONGEST_DAYS,
        strict=True,
        description="Whole days in which store credit or points that are given by hand can be used, where whoever"
        " gives them does not say. Left out: they never expire.",
    ),
]


class IdleExpiry(Strict):
    """What a rule gives expires when its holder has been idle so long."""

    kind: Literal["idle"] = "idle"
    days: int = Field(
        ge=1,
        le=LONGEST_DAYS,
        strict=True,
        description="Whole days after the day on which the holder last earned or spent some of that unit.",
    )


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
    expiry: IdleExpiry | None = Field(
        None, description="Instead of `expires_after_days`: after so many days in which the holder was idle."
    )
    expiry_notice_days: int | None = Field(
        None,
        ge=1,
        le=LONGEST_NOTICE_DAYS,
        strict=True,
        description="How many days before it expires its holder is told. Left out: they are not.",
    )

    @field_validator("expiry")
    @classmethod
    def _one_of_both(cls, expiry: IdleExpiry | None, info: ValidationInfo) -> IdleExpiry | None:
        if expiry is not None and info.data.get("expires_after_days") is not None:
            raise ValueError("say either expires_after_days or expiry, not both")
        return expiry

    @field_validator("expiry_notice_days")
    @classmethod
    def _told_in_time(cls, notice: int | None, info: ValidationInfo) -> int | None:
        if notice is None or "expiry" not in info.data or "expires_after_days" not in info.data:
            return notice
        idle: IdleExpiry | None = info.data["expiry"]
        days = info.data["expires_after_days"] if idle is None else idle.days
        if days is None:
            raise ValueError("nothing expires: say expires_after_days or expiry too, or leave expiry_notice_days out")
        if notice >= days:
            raise ValueError(f"it expires after {days} days: tell its holder fewer days before")
        return notice

    @field_validator("pay_as", check_fields=False)
    @classmethod
    def _cash_stays(cls, pay_as: Any, info: ValidationInfo) -> Any:
        expires = [info.data.get(name) is not None for name in ("expires_after_days", "expiry")]
        if pay_as == "cash" and any(expires):
            field = "expires_after_days" if expires[0] else "expiry"
            raise ValueError(f"cash does not expire; pay as store_credit or points, or leave {field} out")
        return pay_as
