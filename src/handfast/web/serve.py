"""Routes that serve the built pages.

Officers' and administrators' come from the agency, the owner's from the site node, none from
the hub (architecture, section 3): client code never comes from the party that relays.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Literal, TypeAlias

import msgspec
from litestar import HttpMethod, Request, Response, route
from litestar.datastructures import State
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.response import Redirect

from handfast.kit.encoding import Json
from handfast.web.answers import ASK_FIRST, FOREVER, Asked, answer
from handfast.web.files import STATIC, BuiltFile, built_files
from handfast.web.headers import security_headers

App: TypeAlias = Literal["officer", "owner", "admin", "review"]
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


def _reads(path: str, *, blocks: bool) -> HTTPRouteHandler:
    """Return a handler of GET and, as RFC 9110 (section 9.1) demands of a server, of HEAD.

    The framework leaves out the body of an answer to HEAD and keeps its headers.

    Args:
        path: What is answered.
        blocks: It reads the disk, so it belongs on a thread.
    """
    methods = [HttpMethod.GET, HttpMethod.HEAD]
    return route(path, http_method=methods, include_in_schema=False, sync_to_thread=blocks)


def _landing(app: App, headers: Headers) -> HTTPRouteHandler:
    @_reads("/", blocks=False)
    def landing() -> Redirect:
        """Lead whoever typed only the host to a page."""
        return Redirect(f"/{app}/", headers=dict(headers))

    return landing


def _settings(settings: Mapping[str, Json], headers: Headers) -> HTTPRouteHandler:
    content = msgspec.json.encode(settings)
    sent = {**headers, "cache-control": ASK_FIRST}

    @_reads("/config.json", blocks=False)
    def config() -> Response[bytes]:
        """Send the settings."""
        return Response(content, media_type="application/json", headers=sent)

    return config


def _folder(name: str, files: Files, *, headers: Headers, cache: str) -> HTTPRouteHandler:
    @_reads(f"/{name}/{{rest:path}}", blocks=True)
    def folder(request: AnyRequest, rest: FromPath[str]) -> Response[bytes]:
        """Send one built file of the folder."""
        file = files.get(name + rest)
        return answer(file, Asked.of(request), cache=cache, headers=headers)

    return folder


def _document(app: App, files: Files, headers: Headers) -> list[HTTPRouteHandler]:
    file = files[f"{app}/index.html"]

    @_reads(f"/{app}", blocks=True)
    def start(request: AnyRequest) -> Response[bytes]:
        """Send the document of the app."""
        return answer(file, Asked.of(request), cache=ASK_FIRST, headers=headers)

    @_reads(f"/{app}/{{rest:path}}", blocks=True)
    def below(request: AnyRequest, rest: FromPath[str]) -> Response[bytes]:
        """Send the document for every address below it: the page routes itself."""
        # A missing file must not look like a page.
        wanted = None if "." in rest.rpartition("/")[2] else file
        return answer(wanted, Asked.of(request), cache=ASK_FIRST, headers=headers)

    return [start, below]
