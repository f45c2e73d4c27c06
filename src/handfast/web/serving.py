"""An application behind an address."""

import uvicorn
from litestar import Litestar

from handfast.web.listen import Listen


def server(app: Litestar, listen: Listen) -> uvicorn.Server:
    """Return a server ready to `serve()`; it logs no request lines (they name people)."""
    config = uvicorn.Config(
        app,
        host=listen.host,
        port=listen.port,
        ssl_certfile=listen.certificate,
        ssl_keyfile=listen.key,
        access_log=False,
        log_config=None,
        lifespan="on",
        timeout_graceful_shutdown=2,
        ws_max_size=1 << 20,
        server_header=False,
    )
    return uvicorn.Server(config)
