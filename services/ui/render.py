"""`Pages`: Jinja2 with the common frame, one environment per language, and the answer with its headers.

A service makes one `Pages` from its own folder and renders its features' templates through it. Templates see `_`,
`ngettext`, `pgettext` and `ui` (all macros) everywhere, and `fmt` (a `Format`), `speech`, `nav`, `theme` and the
values of the call in the page itself.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

from jinja2 import BaseLoader, ChoiceLoader, Environment, FileSystemLoader, PrefixLoader, StrictUndefined
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import BaseRoute

from services.ui.assets import CONTENT_SECURITY_POLICY, Assets, all_assets, page_headers
from services.ui.errors import failure_detail, failure_words
from services.ui.format import Format
from services.ui.locales import LANGUAGES, Speech, choose_language, load_speech
from services.ui.parts import NavItem
from services.ui.qr import qr_code

THEMES = ("light", "dark")
LANGUAGE_COOKIE = "kith_lang"
THEME_COOKIE = "kith_theme"

_TEMPLATES = Path(__file__).parent / "templates"
_YEAR_S = 31_536_000
_SCOPES = "kith.scopes"
_CONSOLE = "/console"
"""Where a request says what its caller may do, if anybody was let through."""


class Pages:
    """Renders one service's pages inside the common frame.

    `loaders`: prefix → folder; `{"orders": …/attribution/orders/pages}` makes `orders/list.html` a template.
    `catalogues`: `locale` folders of the service. `asset_folders`: its features' `assets` folders.
    `nav`: entries of the side bar; the composition root sets all services' entries with `use_nav`.
    """

    policy = CONTENT_SECURITY_POLICY

    def __init__(
        self,
        loaders: Mapping[str, Path] | None = None,
        *,
        nav: Iterable[NavItem] = (),
        catalogues: Iterable[Path] = (),
        asset_folders: Iterable[Path] = (),
    ) -> None:
        self._loader = ChoiceLoader([_prefixed(loaders or {}), FileSystemLoader(_TEMPLATES)])
        self._catalogues = tuple(catalogues)
        self._environments: dict[str, Environment] = {}
        self.own_nav = tuple(nav)
        """Its own entries of the side bar."""
        self._nav = self.own_nav
        self.demo = False
        """Whether pages show how far the demo's history has come."""
        self.assets = Assets(asset_folders)

    @classmethod
    def of_service(cls, folder: Path, *, nav: Iterable[NavItem] = ()) -> Pages:
        """A service's pages by the layout of its package folder: `<feature>/pages`, `<feature>/assets`, `locale`."""
        features = sorted(path for path in folder.iterdir() if path.is_dir())
        return cls(
            {feature.name: feature / "pages" for feature in features if (feature / "pages").is_dir()},
            nav=nav,
            catalogues=[folder / "locale"],
            asset_folders=[feature / "assets" for feature in features if (feature / "assets").is_dir()],
        )

    def use_nav(self, items: Iterable[NavItem], *, catalogues: Iterable[Path] = ()) -> None:
        """Sets the side bar's entries, in order; those without a group come first. `catalogues` speak their labels."""
        self._nav = tuple(items)
        # Its own come last: where two services translate one message differently, each page says its service's word.
        others = [folder for folder in dict.fromkeys(catalogues) if folder not in self._catalogues]
        self._catalogues = (*others, *self._catalogues)
        self._environments.clear()

    def render(
        self,
        request: Request,
        template: str,
        *,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        language: str = "en",
        zone: tzinfo = UTC,
        now: datetime | None = None,
        **context: object,
    ) -> HTMLResponse:
        """An HTML answer. `language` is the default where the reader chose none; `zone` and `now` make `fmt`.

        The frames read from `context`: `title`, `store` (its name), `person` (who is signed in), `freshness` (a
        `Freshness`), `nav_current` (an address; by default the entry that the request's path belongs to), `refreshes`
        (whether its figures renew themselves every minute).
        """
        chosen = self.language(request, default=language)
        html = self.render_text(
            template,
            chosen,
            # Not request.url: it reads the Host header, which anybody may send in any shape.
            path=request.scope["path"],
            query=request.scope["query_string"].decode("latin-1"),
            theme=self.theme(request),
            zone=zone,
            now=now,
            scopes=request.scope.get(_SCOPES),
            context=context,
        )
        response = HTMLResponse(html, status_code=status, headers={**page_headers(), **(headers or {})})
        if request.query_params.get("lang") in LANGUAGES:
            response.set_cookie(LANGUAGE_COOKIE, chosen, max_age=_YEAR_S, samesite="lax", path="/")
        return response

    def render_text(
        self,
        template: str,
        language: str = "en",
        *,
        path: str = "/",
        query: str = "",
        theme: str = "",
        zone: tzinfo = UTC,
        now: datetime | None = None,
        scopes: Collection[str] | None = None,
        context: Mapping[str, object] | None = None,
    ) -> str:
        """The same as text, without a request: for tests and for pages that are kept as files. Whose `scopes` are known
        sees only those entries of the side bar that they may open.
        """
        given = dict(context or {})
        values: dict[str, object] = {
            "store": None,
            "person": None,
            "freshness": None,
            "description": "",
            "counts": {},
            "refreshes": False,
            **given,
            "fmt": Format(language, zone=zone, now=now),
            "speech": self.speech(language),
            "language": language,
            "theme": theme,
            "path": path,
            "query": query,
            "language_links": {code: f"{own_path(path)}?{_with_language(query, code)}" for code in LANGUAGES},
            "demo": self.demo,
            "nav": [one for one in self._nav if scopes is None or not one.scope or one.scope in scopes],
            "nav_current": given.get("nav_current") or self._current(path),
        }
        return self.environment(language).get_template(template).render(values)

    def routes(self) -> Sequence[BaseRoute]:
        """The one route under `/assets/`. Every process serves the files of all services: a page may name any."""
        return all_assets().routes()

    def error_page(
        self, request: Request, *, status: int, code: str, detail: str, request_id: str, home: str = ""
    ) -> HTMLResponse:
        """The page for a failure. `detail` is said in the reader's language for what they can mend (4xx), as far as it
        can be: else in English in the console, and nowhere else. Never for a failure of ours.

        `home`: where the way on leads, "" for nowhere.
        """
        pages = _plain_pages()
        language = pages.language(request)
        title, explanation = failure_words(pages.speech(language), status)
        mendable = 400 <= status < 500 and status != 404
        translated = failure_detail(self.speech(language), code, detail) if mendable else ""
        return pages.render(
            request,
            "error.html",
            status=status,
            headers={"cache-control": "no-store", "x-request-id": request_id},
            title=title,
            explanation=explanation,
            detail=translated or (detail if mendable and home == _CONSOLE else ""),
            foreign=mendable and not translated,
            request_id=request_id,
            home=home,
        )

    def language(self, request: Request, *, default: str = "en") -> str:
        """The reader's language, for answers that are not pages too."""
        return choose_language(
            asked=request.query_params.get("lang"),
            kept=request.cookies.get(LANGUAGE_COOKIE),
            accepts=request.headers.get("accept-language", ""),
            default=default,
        )

    def theme(self, request: Request) -> str:
        """ "light" or "dark" where the reader chose, else "" (the system's choice)."""
        kept = request.cookies.get(THEME_COOKIE, "")
        return kept if kept in THEMES else ""

    def speech(self, language: str) -> Speech:
        """The service's catalogues in one language, for texts made outside templates."""
        return load_speech(language, self._catalogues)

    def environment(self, language: str) -> Environment:
        """The Jinja2 environment of one language, made on first use."""
        if language not in self._environments:
            self._environments[language] = self._make(language)
        return self._environments[language]

    def _make(self, language: str) -> Environment:
        speech = self.speech(language)
        environment = Environment(
            loader=self._loader,
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            extensions=["jinja2.ext.i18n", "jinja2.ext.do"],
        )
        # Installed by hand: the extension's own wrappers make `%(name)s` and escaping work in both template and macro.
        environment.install_gettext_callables(  # type: ignore[attr-defined]
            speech.gettext, speech.ngettext, newstyle=True, pgettext=speech.pgettext, npgettext=speech.npgettext
        )
        environment.globals["asset"] = self.assets.url
        environment.globals["languages"] = LANGUAGES
        environment.globals["qr_code"] = qr_code
        environment.globals["label"] = speech.label
        environment.globals["ui"] = _Macros(environment)
        return environment

    def _current(self, path: str) -> str:
        """The longest entry that the path lies under. The shortest of all, the overview, is current only on itself."""
        fitting = [item.href for item in self._nav if path == item.href or path.startswith(item.href + "/")]
        best = max(fitting, key=len, default="")
        shortest = min((item.href for item in self._nav), key=len, default="")
        return "" if best == shortest and path != best else best


@cache
def _plain_pages() -> Pages:
    """Without a service's words and side bar: what is left when something failed."""
    return Pages()


class _Macros(SimpleNamespace):
    """All macros of `templates/ui/*.html` under one name, loaded when first asked for.

    Modules are made without a page's context, so a macro sees its arguments and the language, and nothing else.
    """

    def __init__(self, environment: Environment) -> None:
        super().__init__()
        self._environment = environment
        self._loaded = False

    def __getattr__(self, name: str) -> Callable[..., Markup]:
        if name.startswith("_") or self.__dict__.get("_loaded"):
            raise AttributeError(f"no macro is called {name}")
        for path in sorted((_TEMPLATES / "ui").glob("*.html")):
            module: Any = self._environment.get_template(f"ui/{path.name}").module
            for key, value in vars(module).items():
                if not key.startswith("_"):
                    setattr(self, key, value)
        self._loaded = True
        found: Callable[..., Markup] = getattr(self, name)
        return found


def own_path(path: str) -> str:
    """A request's path as a link to this very host: `//other.example` and `/\\other.example` would lead elsewhere."""
    return quote("/" + path.lstrip("/\\"), safe="/~!$&'()*+,;=:@") if path else ""


def _with_language(query: str, code: str) -> str:
    kept = [(name, value) for name, value in parse_qsl(query, keep_blank_values=True) if name != "lang"]
    return urlencode([*kept, ("lang", code)])


def _prefixed(folders: Mapping[str, Path]) -> BaseLoader:
    return PrefixLoader({prefix: FileSystemLoader(folder) for prefix, folder in folders.items()})
