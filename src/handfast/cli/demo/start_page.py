"""The demo's front door: one page with a link for each person one can be."""

from html import escape

from litestar import HttpMethod, Litestar, MediaType, Response, get, route
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.response import Redirect

from handfast.cli.demo.city import City
from handfast.cli.demo.clerk_owner import OwnersClerk
from handfast.cli.demo.places import SITES
from handfast.kit.errors import NotFoundError
from handfast.web.problems import EXCEPTION_HANDLERS

_HEADERS = {
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
}
_STYLE = """
:root{color-scheme:light dark;font:17px/1.5 Inter,system-ui,sans-serif}
body{max-width:44rem;margin:3rem auto;padding:0 1.25rem}
h1{font-size:1.75rem;line-height:1.2;margin:0 0 .5rem}
p{margin:.4rem 0 1.2rem}
ul{list-style:none;padding:0;margin:0}
li{border-top:1px solid color-mix(in srgb,currentColor 18%,transparent)}
a.who{display:block;padding:1rem .25rem;color:inherit;text-decoration:none}
a.who:hover strong,a.who:focus-visible strong{text-decoration:underline}
strong{display:block;color:#1a6fd0}
@media (prefers-color-scheme:dark){strong{color:#6cb2ff}}
small{opacity:.8}
code{font-size:.85em;overflow-wrap:anywhere}
"""


def start_page(city: City, clerk: OwnersClerk, *, version: str) -> Litestar:
    """Return the small app that serves it; links to owners' pages pair a new browser."""
    return Litestar(
        route_handlers=[_index(city, version), _owner(clerk)],
        exception_handlers=EXCEPTION_HANDLERS,
        openapi_config=None,
        logging_config=None,
    )


def _index(city: City, version: str) -> HTTPRouteHandler:
    page = _page(city, version)

    methods = [HttpMethod.GET, HttpMethod.HEAD]

    @route("/", http_method=methods, media_type=MediaType.HTML, sync_to_thread=False)
    def index() -> Response[str]:
        """Return the page."""
        return Response(page, media_type=MediaType.HTML, headers=_HEADERS)

    return index


def _owner(clerk: OwnersClerk) -> HTTPRouteHandler:
    sites = {site.folder: site for site in SITES}

    @get("/{name:str}", sync_to_thread=True)
    def owner(name: FromPath[str]) -> Redirect:
        """Lead a new browser to an owner's page, with a code that pairs it."""
        if name not in sites:
            raise NotFoundError(f"the demo has no {name!r}; it has {', '.join(sites)}")
        return Redirect(clerk.pairing_link(sites[name]), headers=_HEADERS)

    return owner


def _page(city: City, version: str) -> str:
    rows = [
        _row(
            f"{city.agency_url}/officer/",
            "A police officer",
            "The city's map. Alarms arrive here; a tour shows the way.",
        ),
        *(
            _row(
                f"/{site.folder}",
                f"{site.role.replace('-', ' ').capitalize()} of {site.name}",
                _duty(site.kind),
            )
            for site in SITES
        ),
        _row(
            f"{city.agency_url}/admin/",
            "The agency's administrator",
            "Certifies officers' devices (the demo does it at once).",
        ),
    ]
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>Handfast demo</title><style>{_STYLE}</style><main>"
        "<h1>Who do you want to be?</h1>"
        "<p>A small city runs on this machine: a hub, a police agency, and the nodes of a "
        "school, a shop and a transit stop. Open officer and principal side by side.</p>"
        f"<ul>{''.join(rows)}</ul>"
        f"<p><small>Handfast {escape(version)}. Files: <code>{escape(str(city.folder))}</code>."
        " Partners and people are made up, the street footage is real.</small></p>"
        "</main></html>"
    )


def _row(href: str, who: str, what: str) -> str:
    return (
        f'<li><a class="who" href="{escape(href)}"><strong>{escape(who)}</strong>'
        f"{escape(what)}</a></li>"
    )


def _duty(kind: str) -> str:
    if kind == "school":
        return "Raises the alarm, sees who looks, closes everything."
    if kind == "transit":
        return "Its alarm opens covered pictures; for clear ones it is asked."
    return "Is asked each time, answers on the phone."
