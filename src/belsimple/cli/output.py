"""What commands have in common: settings, and results as text or as one JSON object."""

import sys
from typing import Annotated, TypeAlias

import msgspec
from cyclopts import Parameter

from belsimple.server.logs import configure_logs
from belsimple.server.privileges import assume_service_user
from belsimple.server.settings import Settings, load_settings

AsJson: TypeAlias = Annotated[
    bool, Parameter(name="--json", negative="", help="Print one JSON object and nothing else.")
]


def command_settings() -> Settings:
    """The settings for a command, as the service's user. Raises `OperatorError`."""
    settings = assume_service_user(load_settings())
    configure_logs("warning", "command")
    return settings


def print_json(value: object) -> None:
    """Print the command's one JSON object."""
    _ = sys.stdout.write(msgspec.json.format(msgspec.json.encode(value).decode(), indent=2) + "\n")
