"""What a tenant may set of a module: the declaration, and what a value of it must be."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

import msgspec

from belsimple.language import Message, counted, message
from belsimple.language import marked as _

V = TypeVar("V", int, bool, str)
LONGEST_TEXT = 1000


class UnacceptableValue(Exception):
    """The value is none that this setting can have; `fault` is a sentence for whoever gave it."""

    def __init__(self, fault: Message) -> None:
        super().__init__(fault)
        self.fault = fault


@dataclass(frozen=True, kw_only=True)
class Setting(Generic[V]):
    """A setting of a module, called ``module.name``. What a tenant has not set is `default`.

    A number may have a `minimum` and a `maximum`, a text its most characters as `maximum`. `choices` maps the values that there
    are to what people call them. `label` and the choices' names are messages.
    """

    name: str
    label: str
    kind: type[V]
    default: V
    minimum: int | None = None
    maximum: int | None = None
    choices: Mapping[V, str] | None = None

    def checked(self, value: object) -> V:
        """The value, if this setting can have it. Raises UnacceptableValue."""
        if type(value) is not self.kind:  # not isinstance: a bool is an int there
            raise UnacceptableValue(message(_KIND[self.kind]))
        if self.choices is not None and value not in self.choices:
            raise UnacceptableValue(message(_("This is none of the choices.")))
        if self.kind is not bool:
            self._measure(value)
        return value

    def read(self, stored: str | None) -> V:
        """What holds, given what is stored as JSON. The default, when the module's newer version no longer takes that value."""
        try:
            return self.default if stored is None else self.checked(msgspec.json.decode(stored))
        except (UnacceptableValue, msgspec.DecodeError):
            return self.default

    def _measure(self, value: object) -> None:
        if isinstance(value, str):
            longest = self.maximum if self.maximum is not None else LONGEST_TEXT
            if len(value) > longest:
                raise UnacceptableValue(
                    counted("At most {count} character.", "At most {count} characters.", count=longest)
                )
            if any(ord(one) < 32 or ord(one) == 127 for one in value):
                raise UnacceptableValue(message(_("One line of text, without control characters.")))
        elif isinstance(value, int):
            if self.minimum is not None and value < self.minimum:
                raise UnacceptableValue(message(_("At least {least}."), least=self.minimum))
            if self.maximum is not None and value > self.maximum:
                raise UnacceptableValue(message(_("At most {most}."), most=self.maximum))


_KIND = {int: _("This must be a whole number."), bool: _("This must be yes or no."), str: _("This must be text.")}
