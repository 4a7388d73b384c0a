"""Logs of the processes: one line of JSON each, on standard error, with no secret and no personal data in them.

A library's message may quote what it was given (a job's arguments, a row); only messages of our own and of the web
server, which says nothing about requests, are written. Of an error: its type and place, never its message.
"""

import logging
import sys
import traceback
from logging import LogRecord
from typing import Any, TextIO, cast

import structlog
from structlog.typing import EventDict, WrappedLogger

from belsimple.server.values import LogLevel

_MAY_SPEAK = ("belsimple", "_granian")

log: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger("belsimple")


def configure_logs(level: LogLevel, part: str, stream: TextIO = sys.stderr) -> None:
    """Send everything that logs, ours and libraries', to `stream` as JSON lines that carry the part's name."""

    def named(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        return {"at": event.pop("timestamp"), "level": event.pop("level"), "part": part, **event}

    shared: list[structlog.typing.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _place_of_error,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, _silence_libraries],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, named, _as_json],
        )
    )
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    for chatty in ("procrastinate", "asyncio"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


def granian_logging() -> dict[str, Any]:
    """The `log_dictconfig` that makes granian log like everything else."""
    loggers: dict[str, Any] = {name: {"handlers": [], "propagate": True} for name in ("_granian", "granian.access")}
    return {"formatters": {}, "handlers": {}, "loggers": loggers}


_as_json = structlog.processors.JSONRenderer()


def _silence_libraries(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    record: LogRecord = event["_record"]
    if record.name.split(".")[0] not in _MAY_SPEAK:
        event["event"] = "library"
        event["library"] = record.name
        event["action"] = getattr(record, "action", None)
    return event


def _place_of_error(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    found: Any = event.pop("exc_info", None)
    if found is True:
        found = sys.exc_info()
    error: object = cast("tuple[object, ...]", found)[1] if isinstance(found, tuple) else found
    if isinstance(error, BaseException):
        frames = traceback.extract_tb(error.__traceback__)
        event["error"] = f"{type(error).__module__}.{type(error).__qualname__}"
        event["where"] = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames[-12:]]
    return event
