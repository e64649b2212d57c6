"""Answers in the format that was asked for."""

from collections.abc import Callable

from pydantic import BaseModel
from starlette.responses import Response

from services.analytics.exports.domain import Picture, Sheet
from services.kernel.errors import Invalid
from services.kernel.http.pages import csv_response
from services.ui.charts import export_svg

OFFERED = ("json", "csv", "svg")


def check_format(text: str, *, picture: bool = True) -> str:
    """The format's name. Raises `Invalid` for one that is not offered, and says which are."""
    offered = OFFERED if picture else OFFERED[:2]
    if text not in offered:
        hint = " This answer has no picture: ask timeseries, funnel or channels." if text == "svg" else ""
        raise Invalid.field(
            "format", f"{text[:20]!r} is not offered; ask for {', '.join(offered)}.{hint}", code="not_offered"
        )
    return text


def answer(
    format: str, model: BaseModel, *, sheet: Callable[[], Sheet], picture: Callable[[], Picture] | None = None
) -> Response:
    """The answer as JSON, as a CSV download, or as an SVG picture."""
    check_format(format, picture=picture is not None)
    if format == "csv":
        made = sheet()
        return csv_response(made.rows, made.columns, filename=made.name)
    if format == "svg" and picture is not None:
        drawn = picture()
        return Response(
            export_svg(drawn.chart, drawn.caption),
            media_type="image/svg+xml; charset=utf-8",
            headers={
                "cache-control": "private, no-store",
                "content-disposition": f'inline; filename="{sheet().name}.svg"',
                "content-security-policy": "default-src 'none'; style-src 'none'",
            },
        )
    body = model.__pydantic_serializer__.to_json(model, by_alias=True)
    return Response(body, media_type="application/json", headers={"cache-control": "private, no-store"})
