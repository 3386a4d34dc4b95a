"""The headers that every answer carries, whoever made it: a view, the event loop, or a lane that has no room."""

from typing import Any

from django.conf import settings

# No answer of ours is a page unless it says so itself: then it brings a policy of its own.
NOTHING = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
FEATURES = "accelerometer=(), autoplay=(self), camera=(self), display-capture=(), geolocation=(), gyroscope=(), \
magnetometer=(), microphone=(), midi=(), payment=(), usb=()"
ALWAYS = {
    b"x-content-type-options": b"nosniff",
    b"referrer-policy": b"same-origin",
    b"cross-origin-opener-policy": b"same-origin",
    b"cross-origin-resource-policy": b"same-origin",
    b"x-frame-options": b"DENY",
    b"permissions-policy": FEATURES.encode(),
}


def dressed(send: Any, path: str, *, leaving: bool = False) -> Any:
    """A way to send that adds what an answer lacks; one of a process that is leaving closes its connection."""
    wanted = dict(ALWAYS)
    if not path.startswith(settings.STATIC_URL):  # a script would hand the policy on to the workers it begins
        wanted[b"content-security-policy"] = NOTHING.encode()
    if settings.SECURE_HSTS_SECONDS:
        wanted[b"strict-transport-security"] = (
            f"max-age={settings.SECURE_HSTS_SECONDS}; includeSubDomains; preload".encode()
        )

    async def send_dressed(message: Any) -> None:
        if message["type"] == "http.response.start":
            given = list(message.get("headers", []))
            there = {name.lower() for name, _value in given}
            given += [(name, value) for name, value in wanted.items() if name not in there]
            if leaving:
                given.append((b"connection", b"close"))
            message = {**message, "headers": given}
        await send(message)

    return send_dressed
