"""WebSockets as uvicorn serves them, with a way out for messages that are framed already."""

from __future__ import annotations

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request

from cordboard.api.framed import EXTENSION


class FramedWebSockets(WebSocketsSansIOProtocol):
    """One connection; it is the :class:`~cordboard.api.framed.Outlet` in its own scope."""

    def handle_connect(self, event: Request) -> None:
        """Uvicorn's, which makes the scope and has a task begin with it in the next turn."""
        super().handle_connect(event)
        if self.response.status_code == 101:
            self.scope["extensions"][EXTENSION] = {"outlet": self}

    def write(self, framed: bytes) -> None:
        """Have frames follow what was written before."""
        if self.handshake_complete and not self.close_sent and not self.transport.is_closing():
            self.transport.write(framed)

    def waiting(self) -> int:
        """Octets that the system did not take yet."""
        return 0 if self.disconnected else self.transport.get_write_buffer_size()
