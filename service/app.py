"""The web application over published versions: health and dashboards, read only.

Belongs here: routes, headers, the one error shape. Does not belong here: what a page shows (`overview.py`) or reading tables
(`published.py`). Lists of people are personal data and have no route here.
"""

import hashlib
import logging
import re
from collections.abc import Awaitable, Callable
from pathlib import Path

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse
from starlette.exceptions import HTTPException

from service.pages import policy_of
from service.published import DamagedVersionError, NotPublishedError, Version, current_version

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
"""Sent with every answer; a page replaces the policy by its own, which names the hashes of its scripts."""

_PAGE_NAME = re.compile(r"[a-z0-9_-]{1,64}")
_CODES = {
    404: "not_found",
    405: "method_not_allowed",
    422: "invalid_request",
    500: "internal_error",
    503: "not_published",
}
_log = logging.getLogger(__name__)


def create_app(home: Path) -> FastAPI:
    """Return the application over `<home>/published`; the pointer is resolved once per request.

    Errors have one shape: {"error": {"status": 404, "code": "not_found", "message": "..."}}.
    """
    app = FastAPI(title="Trellis", docs_url=None, redoc_url=None, openapi_url=None)
    app.middleware("http")(_secured)
    app.exception_handler(HTTPException)(_http_error)
    app.exception_handler(RequestValidationError)(_invalid_request)
    app.exception_handler(NotPublishedError)(_not_published)
    app.exception_handler(DamagedVersionError)(_damaged)
    app.exception_handler(Exception)(_unforeseen)

    @app.get("/healthz")
    def health() -> dict[str, str]:
        version = current_version(home)
        return {"status": "ok", "version": version.name, "as_of": version.as_of.isoformat()}

    @app.get("/", response_class=HTMLResponse)
    def front_page() -> Response:
        return _page(current_version(home), "overview")

    @app.get("/{page}.html", response_class=HTMLResponse)
    def beside_the_front_page(page: str) -> Response:
        # pages link to each other by file name, so that they also open from disk
        return _page(current_version(home), page)

    @app.get("/dashboards/{page}", response_class=HTMLResponse)
    def dashboard(page: str) -> Response:
        return _page(current_version(home), page.removesuffix(".html"))

    @app.get("/segments/{name}")
    def no_list(name: str) -> Response:
        message = f"{name[:80]!r} is not handed out here: lists name people. Their files are in the published folder, segments/"
        raise HTTPException(404, message)

    return app


def _page(version: Version, name: str) -> Response:
    """Return a page of the version, byte for byte as it was published.

    Raises HTTPException 404 for a page that the manifest does not name, DamagedVersionError if its bytes have changed.
    """
    file = f"dashboards/{name}.html"
    facts = version.manifest.get("files", {}).get(file) if _PAGE_NAME.fullmatch(name) else None
    if facts is None:
        raise HTTPException(404, f"version {version.name} has no such page")
    raw = (version.folder / file).read_bytes()
    if hashlib.sha256(raw).hexdigest() != facts["sha256"]:
        raise DamagedVersionError(f"version {version.name}: {file} is not what was published; run `trellis doctor`")
    text = raw.decode("utf-8")
    return HTMLResponse(text, headers={"Content-Security-Policy": f"{policy_of(text)}; frame-ancestors 'none'"})


async def _secured(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    """Add the headers to every answer that does not bring its own."""
    response = await call_next(request)
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    return response


def _error(
    status: int, message: str, *, code: str | None = None, headers: dict[str, str] | None = None
) -> JSONResponse:
    body = {"error": {"status": status, "code": code or _CODES.get(status, "error"), "message": message}}
    return JSONResponse(body, status_code=status, headers=headers)


def _http_error(request: Request, error: Exception) -> Response:
    failure = error if isinstance(error, HTTPException) else HTTPException(500)
    unnamed = failure.detail in {"Not Found", "Method Not Allowed"}
    message = f"{request.method} {request.url.path[:80]}: {failure.detail.lower()}" if unnamed else failure.detail
    return _error(failure.status_code, message, headers=dict(failure.headers or {}))


def _invalid_request(_request: Request, error: Exception) -> Response:
    return _error(422, f"the request is not valid: {error}")


def _not_published(_request: Request, error: Exception) -> Response:
    return _error(503, str(error), headers={"Retry-After": "60"})


def _damaged(_request: Request, error: Exception) -> Response:
    _log.error("%s", error)
    return _error(503, str(error), code="damaged_version", headers={"Retry-After": "60"})


def _unforeseen(_request: Request, _error_itself: Exception) -> Response:
    """Answer without inner details; the server logs the exception. This answer passes no middleware: it brings the headers."""
    return _error(500, "the server failed on this request; its log says why", headers=dict(HEADERS))
