"""Who listens at a scheduler's address: told in seconds, where Dask's client would go on trying.

    tcp://      a scheduler greets at once: it sends a frame, whose length comes first
    tls://      it greets once both sides have shown their certificates
    a listener that waits for the other side's first word may be one with TLS: it answers to a hello

Not here: Dask's own settings of certificates, which come as a context of `ssl`.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import time
from typing import TYPE_CHECKING

from nlpcli.errors import ClusterError

if TYPE_CHECKING:
    import ssl

_PATIENCE = 3.0  # seconds for a greeting, before it is looked whether TLS is spoken
_HELLO = 2.0  # seconds for an answer to TLS's first word
_LONGEST_GREETING = 1 << 20  # bytes
_START = "start one with: dask scheduler"
_CERTIFICATE = "certificates of both sides have to be signed by the ca-file of the other"


def check_contact(shown: str, address: str, context: ssl.SSLContext | None, patience: float) -> None:
    """Raise ClusterError unless one of Dask's schedulers greets at an address, with TLS where that says so.

    shown: how messages name it; context: for tls://; patience: seconds until it should have greeted
    """
    scheme, _, place = address.partition("://")
    host, _, port = place.rpartition(":")
    number = int(port) if port.isdecimal() else 0
    if not 0 < number < 1 << 16:
        raise ClusterError(f"{shown}: there is no port {port}", hint="tcp://HOST:8786")
    until = time.monotonic() + patience
    with _connected(shown, host.strip("[]"), number, until) as plain:
        if scheme == "tls" and context is not None:
            _check_encrypted(shown, place, plain, context, until)
        else:
            _check_plain(shown, place, plain, until)


def _connected(shown: str, host: str, port: int, until: float) -> socket.socket:
    """A connection. Raises ClusterError."""
    try:
        last: OSError | None = None
        for family, kind, protocol, _, place in _resolved(host, port, until):
            try:
                found = socket.socket(family, kind, protocol)
                found.settimeout(_left(until))
                found.connect(place)
                return found
            except OSError as error:
                last = error
                found.close()
        raise last or TimeoutError
    except socket.gaierror as error:
        raise ClusterError(
            f"no Dask scheduler answers at {shown}: there is no host {host!r}: {error.strerror}",
            hint="is the name right? its number, as in tcp://10.0.0.1:8786, does too",
        ) from error
    except ConnectionRefusedError as error:
        raise ClusterError(
            f"no Dask scheduler answers at {shown}: nobody listens there", hint=_START
        ) from error
    except TimeoutError as error:
        raise ClusterError(
            f"no Dask scheduler answers at {shown}: the host is not reached",
            hint="is the machine up, and does no firewall stand between?",
        ) from error
    except OSError as error:
        raise ClusterError(
            f"no Dask scheduler answers at {shown}: {error.strerror or error}", hint=_START
        ) from error


def _resolved(host: str, port: int, until: float) -> list[tuple[int, int, int, str, tuple[str, int]]]:
    """What a host's name stands for. Raises OSError: in time also where nobody answers for names."""
    found: list[object] = []

    def resolve() -> None:
        try:
            found.append(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError) as error:
            found.append(error)

    looking = threading.Thread(target=resolve, daemon=True)
    looking.start()
    looking.join(_left(until))
    if not found:
        raise socket.gaierror(socket.EAI_AGAIN, "nobody answers for its name")
    (answer,) = found
    if isinstance(answer, UnicodeError):
        raise socket.gaierror(socket.EAI_NONAME, "this cannot be a name")
    if isinstance(answer, OSError):
        raise answer
    return answer  # type: ignore[return-value]


def _left(until: float) -> float:
    return max(until - time.monotonic(), 0.01)


def _check_plain(shown: str, place: str, plain: socket.socket, until: float) -> None:
    greeting = _greeting(plain, min(_PATIENCE, _left(until)))
    if greeting is None and _speaks_tls(plain):
        raise ClusterError(f"the scheduler at {shown} speaks TLS", hint=f"name it tls://{place}")
    if greeting is None:
        greeting = _greeting(plain, _left(until))
    _check_greeting(shown, greeting)


def _check_encrypted(
    shown: str, place: str, plain: socket.socket, context: ssl.SSLContext, until: float
) -> None:
    import ssl

    plain.settimeout(_left(until))
    try:
        with context.wrap_socket(plain) as encrypted:
            # Which certificate the other side wants is told after the handshake.
            greeting = _greeting(encrypted, _left(until))
    except ssl.SSLCertVerificationError as error:
        raise ClusterError(
            f"the scheduler at {shown} shows a certificate that this machine does not trust: "
            f"{error.verify_message}",
            hint=f"{_CERTIFICATE}: here that is DASK_DISTRIBUTED__COMM__TLS__CA_FILE",
        ) from error
    except ssl.SSLError as error:
        if "ALERT" in (error.reason or ""):
            raise ClusterError(
                f"the scheduler at {shown} does not take this machine's certificate: {_words(error)}",
                hint=f"{_CERTIFICATE}: here it is DASK_DISTRIBUTED__COMM__TLS__CLIENT__CERT",
            ) from error
        raise ClusterError(
            f"what listens at {shown} does not speak TLS", hint=f"if it is a scheduler, name it tcp://{place}"
        ) from error
    except TimeoutError:
        greeting = None
    except OSError as error:
        raise ClusterError(
            f"what listens at {shown} ends the connection: {error.strerror or error}",
            hint=f"if it is a scheduler without TLS, name it tcp://{place}",
        ) from error
    _check_greeting(shown, greeting)


def _words(error: ssl.SSLError) -> str:
    return (error.reason or "").lower().replace("_", " ")


def _greeting(stream: socket.socket, patience: float) -> bytes | None:
    """The first bytes that the other side sends; none where it ends the connection, None where it waits."""
    stream.settimeout(patience)
    try:
        return stream.recv(8)
    except TimeoutError:
        return None
    except ConnectionError:
        return b""


def _check_greeting(shown: str, greeting: bytes | None) -> None:
    if greeting is None:
        raise ClusterError(
            f"what listens at {shown} says nothing: it is no Dask scheduler, or one that hangs",
            hint="restart it: dask scheduler",
        )
    if len(greeting) < 8 or struct.unpack("<Q", greeting)[0] > _LONGEST_GREETING:
        raise ClusterError(
            f"what listens at {shown} is no Dask scheduler",
            hint="dask scheduler says at its start where it is; its dashboard has another port",
        )


def _speaks_tls(waiting: socket.socket) -> bool:
    """Whether a peer that waits answers to TLS's first word, in another connection."""
    import ssl

    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with contextlib.suppress(OSError), socket.create_connection(waiting.getpeername()[:2], _HELLO) as other:
        try:
            context.wrap_socket(other).close()
        except ssl.SSLError as error:
            return "ALERT" in (error.reason or "")
        return True
    return False
