"""What callers send and get about the portal."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field


class PortalSessionIn(BaseModel):
    """Whose page is to be opened."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    ambassador_id: str = Field(max_length=64)


class PortalSessionOut(BaseModel):
    """An address that opens an ambassador's page once. It shows a button, and the button uses it up."""

    id: str
    ambassador_id: str
    expires_at: datetime = Field(description="Five minutes after it was made, in real time.")
    url: str = Field("", description="Send the ambassador's browser there. Not kept: derived for each answer.")
