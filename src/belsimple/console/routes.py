"""The static files of the console and of modules, and the page after signing in."""

from belsimple.console.assets import package_of, static_files
from belsimple.console.menu import Menu
from belsimple.database.transaction import Transaction
from belsimple.web.answers import Asset, Redirect, View, view
from belsimple.web.endpoint import SIGNED_IN, Endpoint, endpoint, page
from belsimple.web.inputs import Input
from belsimple.web.problems import NotFound


class AssetVersion(Input, frozen=True):
    """The hash in the address that a page names."""

    v: str | None = None


@endpoint("GET", "/static/{name}", permission="public", summary="A static file")
async def static_file(name: str, query: AssetVersion) -> Asset:
    return _find("belsimple.console", name, query.v)


@endpoint("GET", "/static/{module}/{name}", permission="public", summary="A static file of a module")
async def module_file(module: str, name: str, query: AssetVersion) -> Asset:
    try:
        package = package_of(module)
    except KeyError:
        raise NotFound from None
    return _find(package, name, query.v)


def _find(package: str, name: str, version: str | None) -> Asset:
    # A look into a dict of the names that exist: what is asked for is never made into a path.
    file = static_files(package).get(name)
    if file is None:
        raise NotFound
    return file.answer(version)


def start_page(menu: Menu) -> Endpoint:
    """The page after signing in: the first of the menu that the person may open."""

    @page("GET", "/start", permission=SIGNED_IN, summary="The first page after signing in", support=True)
    async def start(transaction: Transaction) -> View | Redirect:
        permitted = menu.permitted(transaction.principal.permissions)
        return Redirect(permitted[0].path) if permitted else view("nothing_permitted.html")

    return start


ENDPOINTS = (static_file, module_file)
