"""Brings the catalogues of the packages in step with their sources: ``make catalogues [ARGS="PACKAGE ..."]``.

Translations are kept, what nothing says is dropped, what is new waits with an empty translation and is listed. The files hold
the messages in the order of the sources and no date, place or tool, so that they change only when a message does.
"""

import sys
from collections.abc import Iterable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Final

from babel.messages.catalog import Catalog
from babel.messages.plurals import get_plural
from babel.messages.pofile import write_po

from belsimple.language.catalogues import PLATFORM, Language
from belsimple.language.checks import TRANSLATED, path_of, read, strings_of
from belsimple.language.extraction import Source, extracted

PACKAGES: Final = (PLATFORM, "belsimple_dossiers")
_HEADER: Final = """\
msgid ""
msgstr ""
"Language: {language}_BE\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"Plural-Forms: {plural_forms}\\n"

"""


def main(packages: Iterable[str]) -> int:
    """Update the catalogues of these packages, the platform's first; 1 when a message has no translation yet."""
    if "site-packages" in path_of("nl", PLATFORM).parts:
        sys.exit("This would change an installed copy, which the next installation overwrites. Run `make catalogues`.")
    missing = [line for package in packages for language in TRANSLATED for line in update(package, language)]
    print("\n".join(missing) or "Every message is translated.")
    return 1 if missing else 0


def update(package: str, language: Language) -> Iterator[str]:
    """Write one catalogue; one line for each message in it that has no translation."""
    file = path_of(language, package)
    updated = merged(extracted(package), read(file, language), _shared(package, language), language)
    if len(updated) or file.is_file():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(written(updated, language))
    for entry in read(file, language):
        if entry.id and (entry.fuzzy or not all(strings_of(entry))):
            yield f"{_shown(file)}:{entry.lineno}: not translated: {entry.id!r}"


def _shared(package: str, language: Language) -> Catalog:
    return Catalog() if package == PLATFORM else read(path_of(language, PLATFORM), language)


def merged(sources: Iterable[Source], known: Catalog, shared: Catalog, language: Language) -> Catalog:
    """What the sources say, with the known translations; a module leaves to the platform what it has no translation of its own for."""
    made = Catalog(language, fuzzy=False)
    for source in sources:
        entry = known.get(source.key)
        if entry is not None and entry.id == source.key:
            made.add(source.key, entry.string, flags=entry.flags, user_comments=entry.user_comments)
        elif shared.get(source.key) is None:
            made.add(source.key)
    return made


def written(catalog: Catalog, language: Language) -> bytes:
    """The file's content."""
    content = BytesIO()
    write_po(content, catalog, width=0, no_location=True, omit_header=True)
    header = _HEADER.format(language=language, plural_forms=get_plural(language).plural_forms)
    return header.encode() + content.getvalue().strip() + b"\n"


def _shown(file: Path) -> Path:
    return file.relative_to(Path.cwd()) if file.is_relative_to(Path.cwd()) else file


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or PACKAGES))
