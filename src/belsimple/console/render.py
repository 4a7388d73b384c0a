"""Pages from templates. Every value is escaped, and a name that a template does not get is an error, not an empty space."""

from functools import lru_cache
from importlib import resources

from jinja2 import Environment, PackageLoader, StrictUndefined

from belsimple.web.answers import HtmlPage


@lru_cache(maxsize=1)
def _templates() -> Environment:
    return Environment(
        loader=PackageLoader("belsimple.console"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def page(template: str, *, status: int = 200, **values: object) -> HtmlPage:
    """The page of `template` with these values."""
    return HtmlPage(status, _templates().get_template(template).render(values))


def static_file(name: str) -> bytes:
    """A file of the console's own, such as its stylesheet."""
    return (resources.files("belsimple.console") / "static" / name).read_bytes()
