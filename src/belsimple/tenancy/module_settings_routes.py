"""The settings of a tenant's modules over the API."""

from collections.abc import Sequence
from typing import Annotated

import msgspec

from belsimple.database.transaction import Transaction
from belsimple.modules import Module
from belsimple.tenancy.module_settings import ModuleSetting, Value, change_module_settings, list_module_settings
from belsimple.web.endpoint import endpoint
from belsimple.web.inputs import Input


class ModuleSettings(msgspec.Struct, frozen=True):
    """Every setting of the installed modules."""

    items: list[ModuleSetting]


class ModuleSettingsChange(Input, frozen=True):
    """New values by the settings' names; null takes the tenant's own value away, and the default holds again."""

    values: Annotated[dict[str, Value | None], msgspec.Meta(min_length=1, max_length=100)]


@endpoint("GET", "/api/v1/settings/modules", permission="settings:read", summary="The settings of the modules")
async def get_module_settings(transaction: Transaction, modules: Sequence[Module]) -> ModuleSettings:
    return ModuleSettings(await list_module_settings(transaction, modules))


@endpoint(
    "PATCH", "/api/v1/settings/modules", permission="settings:write", summary="Change the settings of the modules"
)
async def patch_module_settings(
    transaction: Transaction, modules: Sequence[Module], body: ModuleSettingsChange
) -> ModuleSettings:
    await change_module_settings(transaction, modules, body.values)
    return ModuleSettings(await list_module_settings(transaction, modules))


ENDPOINTS = (get_module_settings, patch_module_settings)
