"""Every message that a package says, with the file and the line where it says it: Python, templates, and sentences of SQL."""

import re
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import IO, Any, Final, NamedTuple

from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir

_KEYWORDS: Final[dict[str, Any]] = {**DEFAULT_KEYWORDS, "counted": (1, 2)}
SCAFFOLD: Final = "/belsimple/kit/scaffold"
"""A module of its own with catalogues of its own, which stands in the platform's package to be copied."""
_COMMENT: Final = re.compile(r"--[^\n]*")
# A sentence that a function raises for a person: a state of ours (web/database_errors.py). Every 404 is answered alike, and
# what is no sentence speaks to whoever calls the function.
_RAISED: Final = re.compile(
    r"\b(?i:raise\s+exception)\s+'(?P<text>[A-Z](?:[^']|'')*[.])'\s*(?P<facts>,[^;]*?)?"
    r"\s+(?i:using\s+errcode)\s*=\s*'BS(?!404)[45][0-9]{2}'",
)


class Source(NamedTuple):
    """A message and where it is said; `file` is relative to the package's folder."""

    file: str
    line: int
    msgid: str
    plural: str | None = None

    @property
    def key(self) -> str | tuple[str, str]:
        """The message as Babel's catalogues have it."""
        return self.msgid if self.plural is None else (self.msgid, self.plural)


def folder_of(package: str) -> Path:
    """Where a package's sources are. Raises ValueError for one that is not in a folder."""
    folder = resources.files(package)
    if not isinstance(folder, Path):
        raise ValueError(f"{package} is not installed in a folder")  # noqa: TRY004 - of the wrong place, not the wrong type
    return folder


def extracted(package: str) -> list[Source]:
    """The package's messages in the order of its files and lines. Raises what a template or a source that is broken raises."""
    found = extract_from_dir(
        folder_of(package),
        directory_filter=lambda folder: not folder.endswith(SCAFFOLD) and not Path(folder).name.startswith((".", "_")),
        method_map=[
            ("**.py", "python"),
            ("**/templates/**.html", "jinja2"),
            ("**/templates/**.txt", "jinja2"),
            ("**/migrations/*.sql", f"{__name__}:sentences"),
            ("migrations/*.sql", f"{__name__}:sentences"),
        ],
        options_map={"**/templates/**.html": {"silent": "false"}, "**/templates/**.txt": {"silent": "false"}},
        keywords=_KEYWORDS,
    )
    sources = (_source(file, line, text) for file, line, text, _comments, _context in found)
    return sorted(sources, key=lambda source: (source.file, source.line))


def _source(file: str, line: int, text: str | tuple[str, ...]) -> Source:
    return Source(file, line, text) if isinstance(text, str) else Source(file, line, text[0], text[1])


def sentences(
    fileobj: IO[bytes], _keywords: object, _comment_tags: object, options: object = None
) -> Iterator[tuple[int, str, str, list[str]]]:
    """Babel's extraction method for a migration: what ``raise exception '...' using errcode = 'BSnnn'`` tells a person."""
    del options
    for line, text, _facts in raised(fileobj.read().decode("utf-8")):
        yield line, "_", text, []


def raised(sql: str) -> Iterator[tuple[int, str, bool]]:
    """Line, sentence, and whether it has facts, which a sentence of SQL must not have: nobody could take them out again."""
    code = _COMMENT.sub(lambda found: " " * len(found[0]), sql)
    for found in _RAISED.finditer(code):
        text = found["text"].replace("''", "'")
        yield code.count("\n", 0, found.start()) + 1, text, found["facts"] is not None or "%" in text
