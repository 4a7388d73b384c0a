"""What the listener speaks: TLS 1.3 and HTTP/2, and no header block that would fill its memory."""

import contextlib
import shutil
import socket
import ssl
import subprocess

import pytest

from tests.support.service import Service


def connect(service: Service, context: ssl.SSLContext, name: str = "localhost") -> ssl.SSLSocket:
    """A TLS connection."""
    return context.wrap_socket(socket.create_connection(("127.0.0.1", service.port), 5), server_hostname=name)


def test_it_speaks_tls_1_3_and_http_2(service: Service) -> None:
    context = service.trust()
    context.set_alpn_protocols(["h2", "http/1.1"])
    with connect(service, context) as connection:
        assert connection.version() == "TLSv1.3"
        assert connection.selected_alpn_protocol() == "h2"


def test_it_refuses_tls_1_2(service: Service) -> None:
    context = service.trust()
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    with pytest.raises(ssl.SSLError, match="ALERT_PROTOCOL_VERSION"):
        connect(service, context)


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1"])
def test_its_certificate_is_for_the_names_it_is_reached_by(service: Service, name: str) -> None:
    with connect(service, service.trust(), name) as connection:
        assert connection.getpeercert()


def test_plain_http_on_the_tls_port_gets_no_answer(service: Service) -> None:
    with socket.create_connection(("127.0.0.1", service.port), 5) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert not connection.recv(100).startswith(b"HTTP")


_PADDING = [(f"X-Padding-{number}", "x" * 4000) for number in range(40)]


def test_a_huge_header_block_is_refused_over_http_1(service: Service) -> None:
    lines = "".join(f"{name}: {value}\r\n" for name, value in _PADDING)
    with connect(service, service.trust()) as connection:
        with contextlib.suppress(OSError):  # it may hang up before it has read all
            connection.sendall(f"GET /healthz HTTP/1.1\r\nHost: localhost\r\n{lines}\r\n".encode())
        answer = connection.recv(100)
    assert not answer or answer.split()[1] in {b"400", b"431"}


@pytest.mark.skipif(not shutil.which("curl"), reason="curl is the HTTP/2 client here")
def test_a_huge_header_block_is_refused_over_http_2(service: Service) -> None:
    authority = str(service.data / "tls" / "authority.pem")
    done = subprocess.run(
        ["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "--http2", "--cacert", authority]
        + [option for name, value in _PADDING for option in ("-H", f"{name}: {value}")]
        + [f"{service.url}/healthz"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout in {"000", "431"}, done.stdout
