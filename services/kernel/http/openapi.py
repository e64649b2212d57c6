"""The API's description: what the framework knows, completed by what every route shares: problems and keys."""

import re
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from typing import Any, Final

from fastapi.openapi.utils import get_openapi
from fastapi.routing import RouteContext, iter_route_contexts

from services.kernel.http.call import Guard
from services.kernel.service import Service

VERSION: Final = "1"
Json = dict[str, Any]
_TEMPLATED: Final = re.compile(r"\{(\w+)\}")

_PROBLEM: Final[Json] = {
    "type": "object",
    "title": "Problem",
    "required": ["type", "title", "status", "code", "detail", "request_id"],
    "properties": {
        "type": {"type": "string", "examples": ["urn:kith:problem:invalid"]},
        "title": {"type": "string", "examples": ["Unprocessable Content"]},
        "status": {"type": "integer", "examples": [422]},
        "code": {"type": "string", "description": "A stable word for programs.", "examples": ["invalid"]},
        "detail": {"type": "string", "description": "What is wrong and how to mend it, for people."},
        "request_id": {"type": "string", "examples": ["req_5f0c1d2e3a4b5c6d7e8f"]},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "code", "detail"],
                "properties": {
                    "field": {"type": "string", "examples": ["items.0.amount_minor"]},
                    "code": {"type": "string", "examples": ["required"]},
                    "detail": {"type": "string", "examples": ["This field is required."]},
                },
            },
        },
    },
}
_RESPONSES: Final = {
    "400": "The request cannot be read.",
    "401": "No valid credential.",
    "403": "The credential may not do this.",
    "404": "Nothing here under that id.",
    "405": "This address does not take that method.",
    "408": "The body took too long to arrive.",
    "409": "The request contradicts what is there.",
    "410": "It was here and has ended.",
    "413": "The body is over the limit.",
    "415": "The body is not JSON by its content type.",
    "422": "A field is wrong; `errors` names each.",
    "429": "Over a rate limit.",
    "431": "The address and the headers are over 16 kB together.",
    "503": "A part is away; nothing was done. Retry.",
}
_FORMATS: Final = {
    "csv": "text/csv",
    "svg": "image/svg+xml",
    "png": "image/png",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_BODY_STATUSES: Final = ("408", "409", "413", "415")
_COMMON: Final = ("400", "401", "404", "422", "429", "431", "503")
_SCHEMES: Final[Json] = {
    "secretKey": {
        "type": "http",
        "scheme": "bearer",
        "description": "A store's secret key, `kith_sk_…`: servers only.",
    },
    "publishableKey": {"type": "http", "scheme": "bearer", "description": "`kith_pk_…`: may track, nothing else."},
    "operatorKey": {"type": "http", "scheme": "bearer", "description": "The operator's key, `KITH_OPERATOR_KEY`."},
    "consoleSession": {"type": "apiKey", "in": "cookie", "name": "kith_session", "description": "A signed-in person."},
}
_IDEMPOTENCY_KEY: Final[Json] = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "The same key and body give the same answer for a day, and one effect.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
}


def openapi(service: Service) -> Json:
    """The description of one service. It names no host: `servers` is the place it was fetched from."""
    contexts = [
        context
        for router in service.routers
        for context in iter_route_contexts(router.routes)
        if getattr(context, "include_in_schema", False) and (context.path or "").startswith("/v1/")
    ]
    document: Json = get_openapi(title=f"Kith {service.name}", version=VERSION, routes=contexts, servers=[{"url": "/"}])
    operations = dict(_operations(document))
    for context in contexts:
        for method in context.methods or ():
            operation = operations.get((str(context.path_format), method.lower()))
            if operation is not None:
                _complete(operation, method, context)
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    schemas["Problem"] = deepcopy(_PROBLEM)
    components["securitySchemes"] = deepcopy(_SCHEMES)
    components["responses"] = {f"Problem{status}": _problem(text) for status, text in _RESPONSES.items()}
    _add_links(document)
    return document


def merge(documents: Sequence[Json]) -> Json:
    """Several services' descriptions as one. Schemas of one name that differ get their service's name in front."""
    merged: Json = {
        "openapi": documents[0]["openapi"],
        "info": {"title": "Kith", "version": VERSION},
        "servers": [{"url": "/"}],
        "paths": {},
        "components": {"schemas": {}, "securitySchemes": deepcopy(_SCHEMES), "responses": {}},
    }
    schemas: Json = merged["components"]["schemas"]
    for document in documents:
        own: Json = document["components"]["schemas"]
        prefix = document["info"]["title"].removeprefix("Kith ").title()
        renamed = {name: prefix + name for name, schema in own.items() if schemas.get(name, schema) != schema}
        moved = _rename(document, renamed)
        for name, schema in moved["components"]["schemas"].items():
            schemas[renamed.get(name, name)] = schema
        merged["paths"].update(moved["paths"])
        merged["components"]["responses"].update(moved["components"]["responses"])
    return merged


def _operations(document: Json) -> Iterator[tuple[tuple[str, str], Json]]:
    for path, item in document.get("paths", {}).items():
        for method, operation in item.items():
            if isinstance(operation, dict):
                yield (path, method), operation


def _complete(operation: Json, method: str, context: RouteContext) -> None:
    operation["operationId"] = str(context.operation_id or context.name)
    responses: Json = operation.setdefault("responses", {})
    statuses = list(_COMMON)
    guards = list(_guards(context.dependant))
    if guards:
        statuses.append("403")
        operation["security"] = [entry for guard in guards for entry in _security(guard)]
        scopes = [guard.scope for guard in guards if guard.scope]
        if scopes:
            operation["description"] = f"{operation.get('description', '')}\n\nScope: `{scopes[0]}`.".strip()
    if method in {"POST", "PUT", "PATCH", "DELETE"}:
        statuses += _BODY_STATUSES
    if method == "POST" and not any(p.get("name") == "Idempotency-Key" for p in operation.get("parameters", ())):
        operation.setdefault("parameters", []).append(deepcopy(_IDEMPOTENCY_KEY))
    for status in sorted({*statuses, *(responses.keys() & _RESPONSES.keys())}):
        described = responses.get(status)
        if described is None or status == "422" or "content" not in described:
            responses[status] = {"$ref": f"#/components/responses/Problem{status}"}
    operation["responses"] = dict(sorted(responses.items()))
    _add_formats(operation)


def _add_formats(operation: Json) -> None:
    """An operation that lets one choose the `format` answers in each of them."""
    offered = [p["schema"].get("enum", ()) for p in operation.get("parameters", ()) if p["name"] == "format"]
    content = operation["responses"].get("200", {}).get("content")
    for name in offered[0] if offered and content is not None else ():
        if name in _FORMATS:
            content.setdefault(_FORMATS[name], {"schema": {"type": "string"}})


def _add_links(document: Json) -> None:
    """Says what to do with what an answer names: `POST /v1/links` leads to `/v1/links/{link_id}`, and a list's first
    entry to whatever takes its id, or the id of something that it belongs to.
    """
    schemas = document["components"]["schemas"]
    for (path, method), operation in _operations(document):
        if "{" in path or method not in {"get", "post"}:
            continue
        for response in operation["responses"].values():
            answered = response.get("content", {}).get("application/json", {}).get("schema", {})
            properties, place = _properties(schemas, answered), "$response.body#"
            if properties.get("data", {}).get("type") == "array":
                properties, place = _properties(schemas, properties["data"].get("items", {})), f"{place}/data/0"
            for (other_path, _), other in _operations(document):
                named = [parameter["name"] for parameter in other.get("parameters", ())]
                found = {name: at for name in named if (at := _member(name, path, properties)) is not None}
                if found and other is not operation and set(_TEMPLATED.findall(other_path)) <= found.keys():
                    response.setdefault("links", {})[other["operationId"]] = {
                        "operationId": other["operationId"],
                        "parameters": {name: f"{place}/{member}" for name, member in found.items()},
                    }


def _properties(schemas: Json, schema: Json) -> Json:
    found: Json = schemas.get(str(schema.get("$ref", "")).rpartition("/")[2], schema).get("properties", {})
    return found


def _member(parameter: str, path: str, properties: Json) -> str | None:
    """Which property of what `path` answers is this parameter: `metric` or `metric_id` is the `id` of `/v1/metrics`.

    Only one that is never null.
    """
    one = path.rpartition("/")[2].removesuffix("s")
    own = parameter in {one, f"{one}_id"}
    names = [parameter] if own or parameter.endswith("_id") else []
    if own:
        names += ["id", "key"]
    return next((name for name in names if properties.get(name, {}).get("type") == "string"), None)


def _guards(dependant: Any) -> Iterator[Guard]:
    if isinstance(dependant.call, Guard):
        yield dependant.call
    for inner in dependant.dependencies:
        yield from _guards(inner)


def _security(guard: Guard) -> list[Mapping[str, list[str]]]:
    if guard.kind == "operator":
        return [{"operatorKey": []}]
    if guard.scope == "track":
        return [{"publishableKey": []}]
    if guard.kind == "viewer":
        return [{"secretKey": []}, {"consoleSession": []}]
    return [{"secretKey": []}]


def _problem(text: str) -> Json:
    return {
        "description": text,
        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }


def _rename(value: Any, renamed: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _rename(inner, renamed) for key, inner in value.items()}
    if isinstance(value, list):
        return [_rename(inner, renamed) for inner in value]
    if isinstance(value, str) and value.startswith("#/components/schemas/"):
        name = value.rpartition("/")[2]
        return f"#/components/schemas/{renamed.get(name, name)}"
    return value
