"""Settings: defaults, what they accept, what they refuse, and in what words."""

from pathlib import Path

import pytest

from belsimple.errors import OperatorError
from belsimple.server.settings import load_settings

_REMOTE = "postgresql://admin:secret@db.example/belsimple"


def test_nothing_needs_to_be_set() -> None:
    settings = load_settings({})
    assert (settings.host, settings.port, settings.http_port) == ("127.0.0.1", 8443, 8080)
    assert str(settings.url) == "https://localhost:8443"
    assert settings.data == Path.cwd() / "var"
    assert settings.database_url is None
    assert settings.trusted_proxies == ()
    assert settings.loopback


def test_the_public_address_follows_the_port() -> None:
    assert str(load_settings({"BELSIMPLE_PORT": "9000"}).url) == "https://localhost:9000"
    assert str(load_settings({"BELSIMPLE_PORT": "443"}).url) == "https://localhost"
    assert str(load_settings({"BELSIMPLE_URL": "https://[::1]:9000"}).url) == "https://[::1]:9000"


def test_an_empty_variable_is_an_unset_one() -> None:
    assert load_settings({"BELSIMPLE_PORT": "", "BELSIMPLE_TLS_CERT": " "}) == load_settings({})


@pytest.mark.parametrize(
    "text",
    [
        "http://www.example.com",
        "https://www.example.com/app",
        "https://user@www.example.com",
        "https://www.example.com?x",
        "https://-.example",
        "https://a b",
        "https://",
        "https://h:99999",
        "https://h:port",
        "//h",
    ],
)
def test_a_public_address_is_https_and_a_host(text: str) -> None:
    with pytest.raises(OperatorError, match="BELSIMPLE_URL"):
        load_settings({"BELSIMPLE_URL": text})


@pytest.mark.parametrize(
    "url",
    [
        _REMOTE,
        f"{_REMOTE}?sslmode=require",
        f"{_REMOTE}?sslmode=verify-ca",
        f"{_REMOTE}?sslmode=verify-full&sslmode=disable",
        "postgresql://admin:secret@localhost,db.example/belsimple",
        "postgresql://admin:secret@localhost/belsimple?host=db.example",
        "postgresql://admin:secret@localhost/belsimple?hostaddr=192.0.2.1",
        "postgresql://admin:secret@/belsimple?service=elsewhere",
        "postgresql:///belsimple",
        "postgresql://admin:secret@localhost/",
        "mysql://admin:secret@localhost/belsimple",
        "postgresql://admin:secret@localhost:port/belsimple",
    ],
)
def test_a_database_elsewhere_needs_verified_tls_and_the_secret_is_not_repeated(url: str) -> None:
    with pytest.raises(OperatorError, match="BELSIMPLE_DATABASE_URL") as refused:
        load_settings({"BELSIMPLE_DATABASE_URL": url})
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    "url",
    [
        f"{_REMOTE}?sslmode=verify-full",
        "postgresql://admin:secret@127.0.0.1:5433/belsimple",
        "postgresql://admin:secret@[::1]:5433/belsimple",
        "postgres://admin:secret@localhost/belsimple",
        "postgresql://admin:secret@/belsimple?host=/run/postgresql",
    ],
)
def test_a_database_here_or_with_verified_tls_is_accepted(url: str) -> None:
    assert load_settings({"BELSIMPLE_DATABASE_URL": url}).database_url == url


@pytest.mark.parametrize(
    "place",
    [
        "s3://key:secret@bucket",
        "s3://bucket?endpoint=https://key:secret@s3.example",
        "s3://bucket?endpoint=http://secret",
    ],
)
def test_credentials_in_a_stores_address_are_refused_and_not_repeated(place: str) -> None:
    given = {"BELSIMPLE_BLOBS": place, "BELSIMPLE_BLOBS_KEY_ID": "id", "BELSIMPLE_BLOBS_SECRET": "other"}
    with pytest.raises(OperatorError, match="BELSIMPLE_BLOBS cannot be used") as caught:
        load_settings(given)
    assert "secret" not in str(caught.value)


def test_a_secret_may_come_from_a_file_but_not_from_both(tmp_path: Path) -> None:
    file = tmp_path / "url"
    file.write_text(f"{_REMOTE}?sslmode=verify-full\n")
    environment = {"BELSIMPLE_DATABASE_URL_FILE": str(file)}
    assert load_settings(environment).database_url == f"{_REMOTE}?sslmode=verify-full"
    with pytest.raises(OperatorError, match="both set"):
        load_settings({**environment, "BELSIMPLE_DATABASE_URL": _REMOTE})
    file.write_text("")
    with pytest.raises(OperatorError, match="is empty"):
        load_settings(environment)


@pytest.mark.parametrize("missing", ["BELSIMPLE_TLS_CERT", "BELSIMPLE_TLS_KEY"])
def test_half_a_certificate_pair_is_refused(missing: str) -> None:
    pair = {"BELSIMPLE_TLS_CERT": "/c", "BELSIMPLE_TLS_KEY": "/k"}
    with pytest.raises(OperatorError, match=missing):
        load_settings({name: value for name, value in pair.items() if name != missing})


def test_one_port_cannot_serve_both() -> None:
    with pytest.raises(OperatorError, match="BELSIMPLE_PORT and BELSIMPLE_HTTP_PORT"):
        load_settings({"BELSIMPLE_PORT": "9000", "BELSIMPLE_HTTP_PORT": "9000"})


def test_private_hosts_are_allowed_by_name_and_port() -> None:
    assert load_settings({}).outbound_allowed == ()
    allowed = load_settings({"BELSIMPLE_OUTBOUND_ALLOWED": "IdP.example, other.example:8443,10.0.0.1"}).outbound_allowed
    assert [(one.host, one.port) for one in allowed] == [
        ("idp.example", 443),
        ("other.example", 8443),
        ("10.0.0.1", 443),
    ]


@pytest.mark.parametrize("text", ["https://idp.example", "idp.example/x", "a@b", "10.0.0.0/8", "idp.example:0x", "*"])
def test_nothing_but_a_host_and_a_port_is_allowed(text: str) -> None:
    with pytest.raises(OperatorError, match="BELSIMPLE_OUTBOUND_ALLOWED"):
        load_settings({"BELSIMPLE_OUTBOUND_ALLOWED": text})
