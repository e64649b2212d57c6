"""Everything that the page says of a link, read at once."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from contracts.program import Program
from services.kernel.db import Tx
from services.links.budgets.sql import EXHAUSTED
from services.links.links.sql import CODE_OF_LINK
from services.links.store_codes.sql import USABLE

_READ = f"""
select cast(v.definition as text) as definition, l.split, s.name as store,
  s.locale, s.timezone, a.status, a.locale as spoken,
  w.name as person, w.public_name,
  k.color, k.logo,
  (select coalesce(jsonb_object_agg(w.language, w.digest), '{{}}') from preview_pictures w
   where w.store_id = l.store_id and w.program_id = l.program_id) as pictures,
  {EXHAUSTED} as exhausted,
  case when not c.retired then c.code end as code, {USABLE} as usable, c.expires_at as code_expires_at
from links l
join programs p on p.program_id = l.program_id
join program_versions v on v.program_id = p.program_id and v.version = p.version
join ambassadors a on a.ambassador_id = l.ambassador_id
join stores s on s.store_id = l.store_id
left join people w on w.ambassador_id = l.ambassador_id
left join store_looks k on k.store_id = l.store_id
left join codes c on c.code_id = {CODE_OF_LINK}
where l.store_id = :store_id and l.link_id = :link_id
"""  # noqa: S608  # a text of ours


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """Who invites to which program of which store, by what code. `person` is the whole name: it is shown to nobody."""

    program: Program
    exhausted: bool
    """Whether its budget is used up."""
    store: str
    locale: str
    timezone: str
    ambassador_status: str
    spoken: str | None
    """The ambassador's language: those whom they write to will read it."""
    person: str | None
    public_name: str | None
    color: str | None
    logo: bytes | None
    pictures: Mapping[str, str]
    """Language → which picture the store gave for it."""
    split: int | None
    """The ambassador's part of the reward in basis points, where the link carries it."""
    code: str | None
    """None also where it would promise a discount that the store's checkout does not know."""
    code_expires_at: datetime | None


async def read(tx: Tx, store_id: str, link_id: str) -> Invitation | None:
    """The invitation behind a link, whatever became of the program."""
    row = await tx.one_or_none(_READ, store_id=store_id, link_id=link_id)
    if row is None:
        return None
    program = Program.model_validate_json(row.definition, extra="ignore")
    return Invitation(
        program=program,
        exhausted=row.exhausted,
        store=row.store,
        locale=row.locale,
        timezone=row.timezone,
        ambassador_status=row.status,
        spoken=row.spoken,
        person=row.person,
        public_name=row.public_name,
        color=row.color,
        logo=bytes(row.logo) if row.logo is not None else None,
        pictures=row.pictures,
        split=row.split,
        code=row.code if row.usable or program.discount_served is None else None,
        code_expires_at=row.code_expires_at,
    )
