"""What a tenant sets of its modules."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from belsimple.database.module_settings import Setting, UnacceptableValue
from belsimple.database.queries import load_queries
from belsimple.database.transaction import Transaction
from belsimple.language import Message, message
from belsimple.language import marked as _
from belsimple.modules import Module
from belsimple.web.problems import Unprocessable

_q = load_queries("belsimple.tenancy")
_KIND = {int: "integer", bool: "boolean", str: "text"}
Value = bool | int | str


class Choice(msgspec.Struct, frozen=True):
    """One of the values that there are, and what people call it."""

    value: Value
    label: str


class ModuleSetting(msgspec.Struct, frozen=True):
    """A setting and what holds for the tenant: its own value, or the default. ``kind``: integer, boolean or text."""

    name: str
    module: str
    label: str
    kind: str
    value: Value
    default: Value
    own: bool
    minimum: int | None
    maximum: int | None
    choices: list[Choice]


class _Stored(msgspec.Struct, frozen=True):
    name: str
    value: str


async def list_module_settings(transaction: Transaction, modules: Iterable[Module]) -> list[ModuleSetting]:
    """Every setting of the modules, with what holds. Needs settings:read: without it, all seem unset."""
    stored = {row.name: row.value for row in await transaction.rows(_q.module_settings, _Stored)}
    return [_shown(module, setting, stored.get(setting.name)) for module, setting in _declared(modules)]


async def change_module_settings(
    transaction: Transaction, modules: Iterable[Module], values: Mapping[str, Value | None]
) -> None:
    """Set these; None takes the tenant's own value away. Needs settings:write.

    Raises Unprocessable, with a pointer ``/values/NAME`` for every value that cannot be.
    """
    declared = {setting.name: setting for _, setting in _declared(modules)}
    wrong = [(f"/values/{name}", fault) for name, value in values.items() if (fault := _fault(declared, name, value))]
    if wrong:
        raise Unprocessable(wrong)
    for name, value in values.items():
        encoded = None if value is None else msgspec.json.encode(value).decode()
        await transaction.value(_q.change_module_setting, name=name, value=encoded)


def _fault(declared: Mapping[str, Setting[Any]], name: str, value: Value | None) -> Message | None:
    if name not in declared:
        return message(_("There is no such setting."))
    try:
        if value is not None:
            declared[name].checked(value)
    except UnacceptableValue as refused:
        return refused.fault
    return None


def _declared(modules: Iterable[Module]) -> Iterator[tuple[Module, Setting[Any]]]:
    return ((module, setting) for module in modules for setting in module.settings)


def _shown(module: Module, setting: Setting[Any], stored: str | None) -> ModuleSetting:
    choices: Mapping[Value, str] = setting.choices or {}
    return ModuleSetting(
        setting.name,
        module.name,
        str(setting.label),
        _KIND[setting.kind],
        setting.read(stored),
        setting.default,
        stored is not None,
        setting.minimum,
        setting.maximum,
        [Choice(value, str(label)) for value, label in choices.items()],
    )
