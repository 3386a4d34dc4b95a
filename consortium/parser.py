"""HTTP by httptools within bounds: the head of a request ends, or its connection does.

uvicorn bounds this itself with h11 alone. Only for `consortium.serve`, and only where httptools is installed.
"""

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MOST = 65_536  # bytes of a request's line and headers after the first that came; browsers and proxies stay below 32 000


class Bounded(HttpToolsProtocol):
    """uvicorn's protocol; a head without an end, and headers that follow a body, do not grow in memory."""

    _open = False  # whether a head has begun and not ended
    _held = 0

    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        self._open, self._held = True, 0

    def on_headers_complete(self) -> None:
        """Its head is whole."""
        self._open = False
        super().on_headers_complete()

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header; one that follows a body in pieces is nobody's."""
        if self._open:
            super().on_header(name, value)

    def data_received(self, data: bytes) -> None:
        """Bytes from the line."""
        was_open = self._open
        super().data_received(data)
        if was_open and self._open:
            self._held += len(data)
            if self._held > MOST:
                self._open = False
                self.send_400_response("The head of the request is too large.")
