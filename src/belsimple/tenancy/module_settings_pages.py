"""The page of the modules' own settings, with a form for each module that has some. Served by part web."""

from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Final

import msgspec

from belsimple.access.groups import called
from belsimple.database.module_settings import Setting
from belsimple.database.transaction import Transaction
from belsimple.language import marked as _
from belsimple.modules import Module
from belsimple.tenancy.module_settings import ModuleSetting, change_module_settings, list_module_settings
from belsimple.web.answers import Redirect, View, view
from belsimple.web.endpoint import Endpoint, page
from belsimple.web.inputs import Form
from belsimple.web.problems import Unprocessable

PATH: Final = "/settings/modules"


class ModuleForm(msgspec.Struct, frozen=True):
    """A module's settings by the names of the form's fields; ``package`` translates its label and theirs."""

    module: str
    label: str
    package: str
    settings: dict[str, ModuleSetting]


@page("GET", PATH, permission="settings:read", summary="The settings of the modules on a page")
async def module_settings(transaction: Transaction, modules: Sequence[Module]) -> View:
    return view("module_settings.html", forms_of=[await _form_of(transaction, one) for one in modules if one.settings])


def module_settings_pages(modules: Sequence[Module]) -> tuple[Endpoint, ...]:
    """The page, and what saves each module's form."""
    return (module_settings, *(_saving(module) for module in modules if module.settings))


async def _form_of(transaction: Transaction, module: Module) -> ModuleForm:
    found = await list_module_settings(transaction, [module])
    return ModuleForm(module.name, called(module), module.package, {_field(one.name): one for one in found})


def _saving(module: Module) -> Endpoint:
    async def save(transaction: Transaction, body: Form) -> Redirect:
        wanted = {name: getattr(body, _field(name)) for name in (setting.name for setting in module.settings)}
        held = {one.name: one.value for one in await list_module_settings(transaction, [module])}
        # What stays at the default is not made the tenant's own: it follows the module's next version.
        changed = {name: value for name, value in wanted.items() if value != held[name]}
        try:
            await change_module_settings(transaction, [module], changed)
        except Unprocessable as refused:
            raise Unprocessable(list(_beside_fields(refused))) from None
        return Redirect(PATH)

    save.__annotations__["body"] = _form(module)
    declared = page(
        "POST",
        f"{PATH}/{module.name}",
        permission="settings:write",
        summary=f"Change the settings of {module.name} on a page",
        form=PATH,
        done=_("The settings are saved."),
    )
    return declared(save)


def _form(module: Module) -> type[Form]:
    fields = [(_field(one.name), *_typed(one)) for one in module.settings]
    made = msgspec.defstruct(
        f"{module.name}_settings", fields, bases=(Form,), frozen=True, kw_only=True, forbid_unknown_fields=True
    )
    assert issubclass(made, Form)  # its base
    return made


def _typed(setting: Setting[Any]) -> tuple[Any, ...]:
    """A field's type, and what it holds when the browser sends nothing: a box without its tick, an empty line."""
    if setting.kind is bool:
        return bool, False
    if setting.kind is int:
        return (Annotated[int, msgspec.Meta(ge=setting.minimum, le=setting.maximum)],)
    return str, ""


def _beside_fields(refused: Unprocessable) -> Iterator[tuple[str, str]]:
    for pointer, said in refused.errors:
        yield f"/{_field(pointer.rpartition('/')[2])}", said


def _field(name: str) -> str:
    return name.replace(".", "_")
