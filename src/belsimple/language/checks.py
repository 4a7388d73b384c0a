"""Whether a package and its catalogues agree; every fault names its file and line."""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from string import Formatter
from typing import Final

from babel.messages.catalog import Catalog, Message
from babel.messages.plurals import get_plural
from babel.messages.pofile import PoFileError, read_po

from belsimple.fault import Fault
from belsimple.language.catalogues import LANGUAGES, PLATFORM, Language, catalogue
from belsimple.language.extraction import Source, extracted, folder_of, raised

TRANSLATED: Final[tuple[Language, ...]] = LANGUAGES[1:]
"""The languages that have catalogues: all but English."""
_TAG: Final = re.compile(r"</?[a-zA-Z][^<>]*>")


def catalogue_faults(package: str) -> Iterator[Fault]:
    """Messages that are missing from a catalogue, unused, without a translation, or translated into something else.

    A module need not repeat what the platform's catalogues have.
    """
    folder = folder_of(package)
    sources = extracted(package)
    yield from _facts_in_sql(folder)
    for language in TRANSLATED:
        file = path_of(language, package)
        try:
            catalog = read(file, language)
        except PoFileError as error:
            yield Fault(file, error.lineno + 1, str(error))
            continue
        yield from _missing(folder, sources, language, catalog, package)
        yield from _unused(file, sources, catalog)
        yield from _plural_rule(file, language, catalog)
        for entry in _entries(catalog):
            yield from (Fault(file, entry.lineno or 1, what) for what in _about(entry, catalog))


def path_of(language: Language, package: str) -> Path:
    """The file of a package's catalogue."""
    return Path(str(catalogue(language, package)))


def read(file: Path, language: Language) -> Catalog:
    """A catalogue; an empty one when there is no file. Raises PoFileError."""
    if not file.is_file():
        return Catalog(language)
    with file.open("rb") as content:
        return read_po(content, locale=language, abort_invalid=True)


def _facts_in_sql(folder: Path) -> Iterator[Fault]:
    for file in sorted(folder.rglob("migrations/*.sql")):
        for line, text, facts in raised(file.read_text(encoding="utf-8")):
            if facts:
                yield Fault(file, line, f"no catalogue can have a sentence with facts in it: {text!r}")


def _missing(
    folder: Path, sources: list[Source], language: Language, catalog: Catalog, package: str
) -> Iterator[Fault]:
    shared = Catalog() if package == PLATFORM else read(path_of(language, PLATFORM), language)
    for source in sources:
        if not (_has(catalog, source) or _has(shared, source)):
            yield Fault(folder / source.file, source.line, f"not in the {language} catalogue: {source.msgid!r}")


def _has(catalog: Catalog, source: Source) -> bool:
    entry = catalog.get(source.key)
    return entry is not None and entry.id == source.key


def _unused(file: Path, sources: list[Source], catalog: Catalog) -> Iterator[Fault]:
    said = {source.key for source in sources}
    for entry in _entries(catalog):
        if entry.id not in said:
            yield Fault(file, entry.lineno or 1, f"nothing says it: {_english(entry)!r}")
    for entry in catalog.obsolete.values():
        yield Fault(file, entry.lineno or 1, f"nothing says it any more: {_english(entry)!r}")


def _plural_rule(file: Path, language: Language, catalog: Catalog) -> Iterator[Fault]:
    rule = get_plural(language)
    if (catalog.num_plurals, catalog.plural_expr.strip("()")) != (rule.num_plurals, rule.plural_expr.strip("()")):
        yield Fault(file, 1, f"the header's Plural-Forms are not those of {language}: {rule.plural_forms}")


def _entries(catalog: Catalog) -> Iterator[Message]:
    return (entry for entry in catalog if entry.id)


def _about(entry: Message, catalog: Catalog) -> Iterator[str]:
    english = _english(entry)
    if entry.fuzzy:
        yield f"nobody has confirmed the translation of {english!r}"
    if not _complete(entry, catalog):
        yield f"not translated: {english!r}"
        return
    for form, allowed in _forms(entry):
        if _fields(form) not in [_fields(text) for text in allowed]:
            yield f"the translation of {english!r} has other facts: {form!r}"
        if _tags(form) not in [_tags(text) for text in allowed]:
            yield f"the translation of {english!r} has other markup: {form!r}"


def _english(entry: Message) -> str:
    return entry.id if isinstance(entry.id, str) else entry.id[0]


def _complete(entry: Message, catalog: Catalog) -> bool:
    forms = strings_of(entry)
    return len(forms) == (1 if isinstance(entry.id, str) else catalog.num_plurals) and all(
        form.strip() for form in forms
    )


def strings_of(entry: Message) -> list[str]:
    """The translation: one text, or one for each plural form."""
    return [entry.string] if isinstance(entry.string, str) else list(entry.string or ())


def _forms(entry: Message) -> list[tuple[str, tuple[str, ...]]]:
    """Each translation with the texts that it may be one of.

    The form for one may leave the number out where the English does ("one file"), but need not: in French it is that for
    none as well.
    """
    texts = (entry.id,) if isinstance(entry.id, str) else tuple(entry.id)
    return [(form, texts[-1:] if number else texts) for number, form in enumerate(strings_of(entry))]


def _fields(text: str) -> set[str] | None:
    try:
        return {
            f"{name}:{spec}!{conversion}" for _, name, spec, conversion in Formatter().parse(text) if name is not None
        }
    except ValueError:
        return None  # a brace that is never closed


def _tags(text: str) -> Counter[str]:
    return Counter(_TAG.findall(text))
