"""Paths find their endpoint."""

import pytest

from belsimple.web.router import Router


@pytest.fixture
def router() -> Router[str]:
    made: Router[str] = Router()
    for path in ("/", "/a", "/a/{id}", "/a/{id}/b", "/a/new", "/a/{id}/{name}/c", "/a/new/b/d", "/o/"):
        made.add("GET", path, path)
    return made


@pytest.mark.parametrize(
    ("path", "template", "values"),
    [
        ("/", "/", ()),
        ("/a", "/a", ()),
        ("/a/7", "/a/{id}", ("7",)),
        ("/a/new", "/a/new", ()),
        ("/a/7/b", "/a/{id}/b", ("7",)),
        ("/a/new/b", "/a/{id}/b", ("new",)),
        ("/a/7/x/c", "/a/{id}/{name}/c", ("7", "x")),
        ("/a/new/b/d", "/a/new/b/d", ()),
        ("/o/", "/o/", ()),
    ],
)
def test_a_path_finds_its_template(router: Router[str], path: str, template: str, values: tuple[str, ...]) -> None:
    assert router.find(path) == ({"GET": template}, values)


@pytest.mark.parametrize(
    "path", ["", "a", "/b", "/a/", "/a//b", "//a", "/a/7/c", "/a/7/b/", "/A", "/o", "/a/7/x/c/d", "*"]
)
def test_anything_else_finds_nothing(router: Router[str], path: str) -> None:
    assert router.find(path) is None


def test_one_path_takes_several_methods(router: Router[str]) -> None:
    router.add("PUT", "/a/{other}", "put")
    assert router.find("/a/7") == ({"GET": "/a/{id}", "PUT": "put"}, ("7",))


def test_a_path_is_declared_once(router: Router[str]) -> None:
    with pytest.raises(ValueError, match="twice"):
        router.add("GET", "/a/{name}", "again")
