"""Permissions in the groups that people look for them in: the platform's, then each module's."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import msgspec

from belsimple.access.actions import PermissionView
from belsimple.language import PLATFORM
from belsimple.language import marked as _
from belsimple.modules import Module

_OURS: Final = _("Organisation")


class PermissionGroup(msgspec.Struct, frozen=True):
    """What one module permits; ``package`` translates its label and the descriptions."""

    label: str
    package: str
    permissions: list[PermissionView]


def called(module: Module) -> str:
    """What people call a module: as its first entry in the menu does, or by its name."""
    return module.menu[0].label if module.menu else module.name.replace("_", " ").capitalize()


def grouped(permissions: Iterable[PermissionView], modules: Sequence[Module]) -> list[PermissionGroup]:
    """The groups that hold something. A module that is no longer installed has no name but its own."""
    known = {module.name: (called(module), module.package) for module in modules}
    groups = {PLATFORM: PermissionGroup(_OURS, PLATFORM, [])}
    for one in permissions:
        _group(groups, known, one.module).permissions.append(one)
    return [group for group in groups.values() if group.permissions]


def _group(groups: dict[str, PermissionGroup], known: Mapping[str, tuple[str, str]], module: str) -> PermissionGroup:
    label, package = known.get(module, (module, PLATFORM))
    return groups.setdefault(module, PermissionGroup(label, package, []))
