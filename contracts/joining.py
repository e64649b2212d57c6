"""How people become ambassadors of a program by themselves, and what they agree to."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from contracts.fields import Role
from contracts.goals import Strict


class Terms(Strict):
    """What who joins agrees to, by its version: changed words are a new version."""

    version: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$")]
    text: str = Field(min_length=1, max_length=20_000, description="Plain text; an empty line begins a paragraph.")


class Joining(Strict):
    """How people become ambassadors by themselves, on the program's page to join."""

    double_opt_in: bool = Field(
        True, description="Whether somebody is an ambassador only once they have answered a mail."
    )
    roles: tuple[Role, ...] = Field((), max_length=6, description="What they can say that they are; empty: not asked.")
    own_code: bool = Field(
        True,
        description="Whether they may wish for a promo code of their own. With double_opt_in only: by its codes a"
        " program would else tell anybody whom it knows.",
    )
    terms: Terms | None = None

    @property
    def offers_code(self) -> bool:
        """Whether the form asks for a code."""
        return self.own_code and self.double_opt_in

    @model_validator(mode="after")
    def _no_role_twice(self) -> Self:
        if len(set(self.roles)) != len(self.roles):
            raise ValueError("joining.roles names a role twice")
        return self
