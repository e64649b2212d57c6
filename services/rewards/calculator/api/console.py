"""The console's page of the calculator: a form whose fields stand in the address, and what follows from them."""

from collections.abc import Mapping
from typing import Annotated, Any, Final

from fastapi import APIRouter, Request, Response
from pydantic import ValidationError

from services.common.money import from_decimal, known
from services.kernel.errors import Invalid
from services.kernel.http.call import Call, viewer
from services.kernel.http.problems import field_path
from services.rewards.calculator.domain import WHOLE, Answer, answer
from services.rewards.calculator.schemas import CalculationIn
from services.rewards.pages import Reader, reader_of
from services.rewards.slices import sql as slices
from services.ui import Choice, Column, Fact, Row, Table

router = APIRouter(include_in_schema=False)

PAGE: Final = "/console/rewards/calculator"
_FIELDS: Final = {
    "order": "average_order_minor",
    "margin": "margin_basis_points",
    "conversion": "conversion_basis_points",
    "unrewarded": "unrewarded_conversion_basis_points",
    "orders": "orders_per_friend",
    "keep": "keep_basis_points",
    "friend": "friend_part_basis_points",
    "costs": "costs_minor",
    "visitors": "visitors",
}
_SHARES: Final = ("margin", "conversion", "unrewarded", "keep", "friend")
_AMOUNTS: Final = ("order", "costs")
_USUAL: Final = {"conversion": "5", "unrewarded": "1", "orders": "1", "keep": "50", "friend": "50"}


@router.get(PAGE)
async def calculator_page(request: Request, call: Annotated[Call, viewer("rewards:read")]) -> Response:
    """The form; with an average order, what is affordable."""
    async with call.transaction() as tx:
        reader = await reader_of(request, tx, call.store_id)
        currencies = await slices.currencies(tx, call.store_id) or ["EUR"]
    form = {name: request.query_params.get(name, _USUAL.get(name, ""))[:40] for name in _FIELDS}
    currency = request.query_params.get("currency", "")
    currency = currency if known(currency) else currencies[0]
    errors: dict[str, str] = {}
    found: Answer | None = None
    if "order" in request.query_params:
        found, errors = _calculated(reader, form, currency)
    return reader.page(
        "calculator/calculator.html",
        title=reader.speech.say("Reward calculator"),
        nav_current="/console/rewards/simulator",
        form=form,
        currency=currency,
        currencies=[Choice(one, value=one, current=one == currency) for one in dict.fromkeys([*currencies, currency])],
        errors=errors,
        page=PAGE,
        back="/console/rewards/simulator",
        **(_shown(reader, found, currency) if found is not None else {"facts": []}),
    )


def _calculated(reader: Reader, form: Mapping[str, str], currency: str) -> tuple[Answer | None, dict[str, str]]:
    body: dict[str, Any] = {"currency": currency}
    errors: dict[str, str] = {}
    say = reader.speech.say
    for name, field in _FIELDS.items():
        try:
            value = _number(name, form[name], currency)
        except Invalid:
            errors[name] = say("Write a number such as 10 or 7.5.")
            continue
        if value is not None:
            body[field] = value
    if errors:
        return None, errors
    places = {field: name for name, field in _FIELDS.items()}
    try:
        return answer(CalculationIn.model_validate(body).plan()), {}
    except ValidationError as error:
        wrong = [field_path(one["loc"]) for one in error.errors(include_url=False)]
    except Invalid as error:
        wrong = [one.field for one in error.errors]
    sentences = {
        "unrewarded": say("Less than buy with a reward."),
        "visitors": say("Say how many, or leave the costs empty."),
    }
    usual = say("This is out of range.")
    return None, {places[field]: sentences.get(places[field], usual) for field in wrong if field in places}


def _number(name: str, text: str, currency: str) -> int | None:
    """A field's value as the API takes it; None for an empty one. Raises `Invalid`."""
    written = text.strip().removesuffix("%").replace("\u00a0", "").replace(" ", "").replace(",", ".")
    if not written:
        return None
    if name in _AMOUNTS:
        return from_decimal(written, currency)
    # A share in per cent with two digits behind the point is so many basis points, as an amount of euros is cents.
    hundredths = from_decimal(written, "EUR")
    if name in _SHARES:
        return hundredths
    if hundredths % 100:
        raise Invalid("a whole number")
    return hundredths // 100


def _shown(reader: Reader, found: Answer, currency: str) -> dict[str, Any]:
    speech, fmt = reader.speech, reader.fmt
    pays = found.break_even_conversion
    facts = [
        Fact(speech.say("Affordable reward"), fmt.money(found.affordable_minor, currency)),
        Fact(speech.say("Of the average order"), fmt.percent(found.of_order / WHOLE)),
        Fact(speech.say("For the friend"), fmt.money(found.friend_minor, currency)),
        Fact(speech.say("For the ambassador"), fmt.money(found.ambassador_minor, currency)),
        Fact(speech.say("At most, at break-even"), fmt.money(found.break_even_minor, currency)),
        Fact(speech.say("What a friend’s orders leave"), fmt.money(found.won_minor, currency)),
        Fact(
            speech.say("Pays from a conversion of"),
            speech.say("no conversion") if pays is None else fmt.percent(float(pays) / WHOLE, digits=2),
        ),
    ]
    if found.break_even_orders:
        facts.append(Fact(speech.say("Friends a month to cover the costs"), fmt.number(found.break_even_orders)))
    return {"facts": facts, "range": _range(reader, found, currency)}


def _range(reader: Reader, found: Answer, currency: str) -> Table:
    speech, fmt = reader.speech, reader.fmt
    return Table(
        name=speech.say("If the conversion is another one"),
        columns=[
            Column("conversion", speech.label("head", "Conversion")),
            Column("affordable", speech.label("head", "Affordable"), figure=True),
            Column("most", speech.label("head", "Break-even"), figure=True),
            Column("gain", speech.label("head", "Gain"), figure=True),
        ],
        rows=[
            Row(
                cells={
                    "conversion": fmt.percent(float(row.conversion) / WHOLE, digits=2),
                    "affordable": fmt.money(row.affordable_minor, currency),
                    "most": fmt.money(row.break_even_minor, currency),
                    "gain": fmt.money(row.gain_minor, currency),
                }
            )
            for row in found.range
        ],
    )
