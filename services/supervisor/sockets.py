"""Addresses: sockets that the supervisor binds and its children inherit, so that a restarted one keeps its port."""

import errno
import socket

from services.supervisor.store import CannotStartError

LOOPBACK = "127.0.0.1"
BACKLOG = 2048


def listen(port: int) -> socket.socket:
    """Bind a listening socket on loopback; port 0 takes a free one. Connections wait in its backlog.

    Raises CannotStartError when the port is in use or not allowed.
    """
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((LOOPBACK, port))
        bound.listen(BACKLOG)
    except OSError as error:
        bound.close()
        if error.errno == errno.EADDRINUSE:
            raise CannotStartError(f"Port {port} is in use. PORT= chooses another.") from None
        raise CannotStartError(f"Cannot listen on port {port}: {error.strerror}. PORT= chooses another.") from None
    return bound


def port_of(bound: socket.socket) -> int:
    """Return the port a socket is bound to."""
    return int(bound.getsockname()[1])


def free_port() -> int:
    """Return a port of loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return port_of(probe)


def listens(port: int) -> bool:
    """Tell whether somebody accepts connections on a port of loopback."""
    try:
        with socket.create_connection((LOOPBACK, port), timeout=0.2):
            return True
    except OSError:
        return False


class Readiness:
    """Asks the service on a port whether it is ready, again whenever it says that it is not, and never waits.

    One that does not serve yet finds the question in its socket's backlog.
    """

    def __init__(self, port: int) -> None:
        self._port = port
        self._asked: socket.socket | None = None

    def holds(self) -> bool:
        """Tell whether `/readyz` has answered with 200."""
        try:
            if self._asked is None:
                self._asked = socket.create_connection((LOOPBACK, self._port), timeout=0.3)
                self._asked.sendall(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                self._asked.setblocking(False)
            answer = self._asked.recv(12)
        except BlockingIOError:
            return False
        except OSError:
            answer = b""
        if self._asked is not None:
            self._asked.close()
            self._asked = None
        return answer == b"HTTP/1.1 200"
