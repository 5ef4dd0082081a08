"""Headers, hosts and limits that hold for every answer."""

from urllib.parse import urlsplit

from flask import Flask, Response, abort, request
from werkzeug.middleware.proxy_fix import ProxyFix

from broker.settings import Settings

_POLICY = (
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    # Bootstrap's style sheet draws arrows and ticks from data: addresses.
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
)
CONTENT_POLICY = "; ".join(_POLICY)
HEADERS = {
    "Content-Security-Policy": CONTENT_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
_STRICT_TRANSPORT = "max-age=31536000; includeSubDomains"
_BODY_BYTES = 512 * 1024
_LOOPBACK = ["localhost", "127.0.0.1", "[::1]"]
_SAFE_METHODS = ("GET", "HEAD", "OPTIONS")


def configure(app: Flask, settings: Settings) -> None:
    """Fix the hosts we answer to, the size of what we read, and the headers of every answer."""
    host = urlsplit(settings.base_url).hostname or ""
    app.config["TRUSTED_HOSTS"] = [host, *(_LOOPBACK if settings.on_loopback else [])]
    app.config["MAX_CONTENT_LENGTH"] = _BODY_BYTES
    app.config["MAX_FORM_PARTS"] = 50
    _trust_proxies(app, settings.trusted_proxies)
    https = settings.base_url.startswith("https:")

    @app.after_request
    def _protect(response: Response) -> Response:
        response.headers.update(HEADERS)
        if https:
            response.headers["Strict-Transport-Security"] = _STRICT_TRANSPORT
        if not response.headers.get("Cache-Control"):
            response.headers["Cache-Control"] = "no-store"
        response.vary.update(["HX-Request", "Cookie"])
        return response


def _trust_proxies(app: Flask, hops: int) -> None:
    if hops:
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]  # Flask's documented way
            app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops
        )


def refuse_foreign_posts() -> None:
    """Abort a changing request that another site started. Browsers say so themselves, and a
    script in a page cannot forge the header; other clients do not send it.
    """
    site = request.headers.get("Sec-Fetch-Site", "none")
    if request.method not in _SAFE_METHODS and site not in ("same-origin", "none"):
        abort(403)
