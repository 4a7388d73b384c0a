"""Static files: where they are, how long a browser keeps them, and what is never compressed."""

import gzip
import sys
from importlib import resources
from pathlib import Path

import pytest

from belsimple.console import routes
from belsimple.console.assets import asset_address, static_files
from belsimple.web.assets import takes_gzip

from .conftest import Make
from .harness import Service
from .things import EVERY

STYLE = (resources.files("belsimple.console") / "static" / "style.css").read_bytes()
FOR_GOOD = "public, max-age=31536000, immutable"
SQUEEZED = {"accept-encoding": "br, gzip, deflate"}


@pytest.fixture
def service(make: Make) -> Service:
    return make(endpoints=(*EVERY, *routes.ENDPOINTS))


def test_what_a_page_names_is_kept_for_good(service: Service) -> None:
    answer = service.request("GET", asset_address("style.css"))
    assert (answer.status, answer.body) == (200, STYLE)
    assert answer.headers["content-type"] == "text/css; charset=utf-8"
    assert answer.headers["cache-control"] == FOR_GOOD
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]


@pytest.mark.parametrize("query", ["", "?v=0123456789abcdef"])
def test_another_releases_address_answers_but_is_asked_for_again(service: Service, query: str) -> None:
    answer = service.request("GET", f"/static/style.css{query}")
    assert (answer.status, answer.body) == (200, STYLE)
    assert answer.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize("headers", [{}, SQUEEZED])
def test_what_the_browser_has_is_not_sent_again(service: Service, headers: dict[str, str]) -> None:
    target = asset_address("style.css")
    tag = service.request("GET", target, headers=headers).headers["etag"]
    again = service.request("GET", target, headers={"if-none-match": tag, **headers})
    assert (again.status, again.body) == (304, b"")
    assert again.headers["cache-control"] == FOR_GOOD
    assert again.headers["vary"] == "accept-encoding"


def test_text_is_compressed_for_who_takes_it(service: Service) -> None:
    answer = service.request("GET", asset_address("style.css"), headers=SQUEEZED)
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["content-length"] == str(len(answer.body))
    assert gzip.decompress(answer.body) == STYLE
    plain = service.request("GET", asset_address("style.css"))
    assert "content-encoding" not in plain.headers
    assert plain.headers["vary"] == answer.headers["vary"] == "accept-encoding"
    assert plain.headers["etag"] != answer.headers["etag"]  # two bodies: a range or a 304 must not mix them


def test_a_page_is_neither_compressed_nor_kept(service: Service) -> None:
    answer = service.request("GET", "/page", headers=SQUEEZED)
    assert "content-encoding" not in answer.headers
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "name", ["nothing.css", "..", "../routes.py", "%2e%2e", "/etc/passwd", "style.css/", ".", "STYLE.CSS"]
)
def test_only_names_that_exist_are_served(service: Service, name: str) -> None:
    assert service.request("GET", f"/static/{name}").status == 404
    assert service.request("GET", f"/static/dossiers/{name}").status == 404


def test_a_module_ships_its_own(service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "belsimple_drawing"
    (folder / "static").mkdir(parents=True)
    (folder / "__init__.py").touch()
    (folder / "static" / "lines.js").write_text("let x = 1;\n" * 100)
    (folder / "static" / "notes.py").write_text("secret = 1")
    described = tmp_path / "belsimple_drawing-1.dist-info"
    described.mkdir()
    (described / "METADATA").write_text("Metadata-Version: 2.1\nName: belsimple-drawing\nVersion: 1\n")
    (described / "entry_points.txt").write_text("[belsimple.modules]\ndrawing = belsimple_drawing:module\n")
    monkeypatch.syspath_prepend(tmp_path)
    try:
        target = asset_address("drawing/lines.js")
        assert target.startswith("/static/drawing/lines.js?v=")
        answer = service.request("GET", target)
        assert answer.body == b"let x = 1;\n" * 100
        assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
        assert answer.headers["cache-control"] == FOR_GOOD
        assert service.request("GET", "/static/drawing/notes.py").status == 404
    finally:
        asset_address.cache_clear()
        sys.modules.pop("belsimple_drawing", None)


def test_a_template_that_names_a_file_that_is_not_there_fails() -> None:
    with pytest.raises(KeyError):
        asset_address("nothing.css")
    with pytest.raises(KeyError):
        asset_address("nothing/style.css")


def test_what_is_small_already_is_not_compressed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "belsimple_tiny" / "static").mkdir(parents=True)
    (tmp_path / "belsimple_tiny" / "__init__.py").touch()
    (tmp_path / "belsimple_tiny" / "static" / "a.css").write_text("a{}")
    monkeypatch.syspath_prepend(tmp_path)
    assert static_files("belsimple_tiny")["a.css"].compressed is None


@pytest.mark.parametrize(
    ("header", "taken"),
    [
        ("gzip", True),
        ("gzip, br", True),
        ("br;q=1.0, gzip;q=0.8", True),
        ("x-gzip", True),
        ("", False),
        ("identity", False),
        ("gzip;q=0", False),
        ("gzip; q=0.000", False),
        ("gzipped", False),
        ("*", False),
    ],
)
def test_the_client_says_what_it_takes(header: str, taken: bool) -> None:
    assert takes_gzip(header) == taken
