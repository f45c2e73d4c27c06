"""Routes that serve the built pages.

Officers' and administrators' come from the agency, the owner's from the site node, none from
the hub (architecture, section 3): client code never comes from the party that relays.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Literal, TypeAlias

import msgspec
from litestar import Request, Response, get
from litestar.datastructures import State
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.response import Redirect

from handfast.kit.encoding import Json
from handfast.web.answers import ASK_FIRST, FOREVER, Asked, answer
from handfast.web.files import STATIC, BuiltFile, built_files
from handfast.web.headers import security_headers

App: TypeAlias = Literal["officer", "owner", "admin"]
Headers: TypeAlias = Mapping[str, str]
Files: TypeAlias = Mapping[str, BuiltFile]
AnyRequest: TypeAlias = Request[object, object, State]


def static_routes(
    *apps: App, connect: tuple[str, ...], settings: Mapping[str, Json], static: Path = STATIC
) -> list[HTTPRouteHandler]:
    """Return the routes of one server's pages, to be given to `Litestar(route_handlers=...)`.

    `/` leads to the first page named; `/<app>/...` answers every address below it with that
    app's document, because the page routes itself; `/assets/`, `/map/` and `/config.json`
    are shared. All answers carry `security_headers`.

    Args:
        apps: The pages this server serves, at least one.
        connect: Other origins they may talk to; see `headers.connect_origins`.
        settings: Sent as `/config.json`. The pages know `hub` (origin of the hub, empty for
            none), `organisation` (whose pages they are), `center` ([lon, lat], degrees) and
            `basemap` (path on this server). Public: whoever reaches the server reads it.
        static: Folder with `pages/` and `map/`.

    Raises:
        InvalidError: An origin in `connect` is none.
        CorruptError: The built files are not there.
        ValueError: No app is named.
    """
    if not apps:
        raise ValueError("name at least one page to serve")
    headers = security_headers(connect)
    pages = built_files(static / "pages")
    routes = [_landing(apps[0], headers), _settings(settings, headers)]
    routes += [_folder("assets", pages, headers=headers, cache=FOREVER)]
    maps = {f"map/{name}": file for name, file in built_files(static / "map").items()}
    routes += [_folder("map", maps, headers=headers, cache=ASK_FIRST)]
    for app in apps:
        routes += _document(app, pages, headers)
    return routes


def _landing(app: App, headers: Headers) -> HTTPRouteHandler:
    @get("/", include_in_schema=False, sync_to_thread=False)
    def landing() -> Redirect:
        """Lead whoever typed only the host to a page."""
        return Redirect(f"/{app}/", headers=dict(headers))

    return landing


def _settings(settings: Mapping[str, Json], headers: Headers) -> HTTPRouteHandler:
    content = msgspec.json.encode(settings)
    sent = {**headers, "cache-control": ASK_FIRST}

    @get("/config.json", include_in_schema=False, sync_to_thread=False)
    def config() -> Response[bytes]:
        """Send the settings."""
        return Response(content, media_type="application/json", headers=sent)

    return config


def _folder(name: str, files: Files, *, headers: Headers, cache: str) -> HTTPRouteHandler:
    @get(f"/{name}/{{rest:path}}", include_in_schema=False, sync_to_thread=True)
    def folder(request: AnyRequest, rest: FromPath[str]) -> Response[bytes]:
        """Send one built file of the folder."""
        file = files.get(name + rest)
        return answer(file, Asked.of(request), cache=cache, headers=headers)

    return folder


def _document(app: App, files: Files, headers: Headers) -> list[HTTPRouteHandler]:
    file = files[f"{app}/index.html"]

    @get(f"/{app}", include_in_schema=False, sync_to_thread=True)
    def start(request: AnyRequest) -> Response[bytes]:
        """Send the document of the app."""
        return answer(file, Asked.of(request), cache=ASK_FIRST, headers=headers)

    @get(f"/{app}/{{rest:path}}", include_in_schema=False, sync_to_thread=True)
    def below(request: AnyRequest, rest: FromPath[str]) -> Response[bytes]:
        """Send the document for every address below it: the page routes itself."""
        # A missing file must not look like a page.
        wanted = None if "." in rest.rpartition("/")[2] else file
        return answer(wanted, Asked.of(request), cache=ASK_FIRST, headers=headers)

    return [start, below]
