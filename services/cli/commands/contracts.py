"""`kith contracts`: writes what others build on (schemas, AsyncAPI, OpenAPI, routes) from the code, or finds drift."""

import re
from pathlib import Path
from typing import Annotated

import typer

from services.cli.local.process import StartFailed
from services.cli.ui import Json, Ui


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("contracts")(command)


def command(
    check: Annotated[bool, typer.Option("--check", help="Write nothing; fail if a document is out of date.")] = False,
    as_json: Json = False,
) -> None:
    """Write the contracts' documents, refusing a schema that old events or readers do not fit."""
    from contracts.export import IncompatibleSchemaError, exported, refuse_incompatible

    ui = Ui(as_json=as_json)
    try:
        refuse_incompatible()
    except IncompatibleSchemaError as error:
        raise StartFailed(str(error)) from error
    documents = {**exported(), **_descriptions(), **_scripts(), **_letter(), **_gateway()}
    stale = [path for path, content in documents.items() if not path.exists() or path.read_text() != content]
    ui.emit({"documents": len(documents), "stale": [path.name for path in stale], "written": not check})
    if check and stale:
        raise StartFailed(f"run `make contracts`; out of date: {', '.join(path.name for path in stale)}")
    for path in stale:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(documents[path])
    ui.say(f"{len(documents)} documents, {len(stale)} {'out of date' if check else 'written'}.")


def _descriptions() -> dict[Path, str]:
    """The OpenAPI document of each service."""
    from contracts.export import FOLDER, text_of
    from services.cli import manifests
    from services.kernel.http.openapi import openapi

    return {FOLDER / "openapi" / f"{s.name}.json": text_of(openapi(s)) for s in manifests.load_all()}


def _scripts() -> dict[Path, str]:
    """The scripts for stores' pages as they are sent, in a checkout."""
    from contracts.export import FOLDER
    from services.links.embed.actions import documents

    return documents() if (FOLDER.parent / "docs").exists() else {}


def _letter() -> dict[Path, str]:
    """The HTML part of mails, made of what is written in MJML, in a checkout with what develops it."""
    from contracts.export import FOLDER

    source = FOLDER.parent / "services" / "links" / "mail" / "pages" / "letter.mjml"
    if not (FOLDER.parent / "docs").exists():
        return {}
    try:
        from mjml import mjml2html
    except ModuleNotFoundError as error:
        raise StartFailed("letter.mjml cannot be compiled without mjml-python: run `make install-dev`") from error
    made = mjml2html(source.read_text(), disable_comments=True, fonts={})
    return {source.with_suffix(".html"): f"{{# Made of letter.mjml by `make contracts`. #}}{_in_lines(made.strip())}\n"}


def _in_lines(html: str) -> str:
    """A line for each block of a letter, so that what changed in it can be read. Between blocks spaces say nothing."""
    return re.sub(r"(?<!\n)(?=<(?:!doctype|head|style|body|div|table|tr)\b|\{%)", "\n", html)


def _gateway() -> dict[Path, str]:
    """The gateway's configuration for `deploy/`, in a checkout."""
    from contracts.export import FOLDER
    from services.cli.commands.gateway import configuration

    path = FOLDER.parent / "deploy" / "Caddyfile"
    return {path: configuration()} if path.parent.exists() else {}
