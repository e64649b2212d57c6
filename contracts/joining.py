"""How people become ambassadors of a program by themselves, and what they agree to."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from contracts.fields import Role
from contracts.goals import Strict

TermsText = Annotated[
    str, Field(min_length=1, max_length=20_000, description="Plain text; an empty line begins a paragraph.")
]


class TermsTexts(Strict):
    """The same terms in the languages of their readers."""

    en: TermsText | None = None
    ru: TermsText | None = None
    uk: TermsText | None = None
    ro: TermsText | None = None


class Terms(Strict):
    """What who joins agrees to, by its version: changed words are a new version, in whatever language."""

    version: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$")]
    text: TermsText
    texts: TermsTexts | None = Field(
        None,
        description="By language. Who reads a language that is not here gets `text`, in whatever it is written. With"
        " `text` they have at most 40,000 characters.",
    )

    def own(self, language: str) -> str | None:
        """The terms as they are written for readers of a language; None where `text` stands for it."""
        found = getattr(self.texts, language, None) if language in TermsTexts.model_fields else None
        return found if isinstance(found, str) else None


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
