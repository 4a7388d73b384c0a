"""A message is English for programs and its reader's language for people; facts are never patterns."""

import sys
from pathlib import Path

import msgspec
import pytest

from belsimple.language import Language, Message, counted, message, translated, translations
from belsimple.language import marked as _

HEADER = (
    'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n"Plural-Forms: nplurals=2; plural={};\\n"\n\n'
)


@pytest.fixture
def spoken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A package with catalogues of its own."""
    texts: dict[Language, tuple[str, str]] = {
        "nl": ("(n != 1)", 'msgid "{count} page"\nmsgid_plural "{count} pages"\nmsgstr[0] "{count} blad"\nmsgstr[1] "{count} bladen"\n'),
        "fr": ("(n > 1)", 'msgid "{count} page"\nmsgid_plural "{count} pages"\nmsgstr[0] "{count} feuille"\nmsgstr[1] "{count} feuilles"\n'),
    }  # fmt: skip
    for language, (rule, text) in texts.items():
        folder = tmp_path / "paper" / "locale" / language / "LC_MESSAGES"
        folder.mkdir(parents=True)
        (folder / "paper.po").write_text(HEADER.format(rule) + text + '\nmsgid "When"\nmsgstr "Ooit"\n')
    (tmp_path / "paper" / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "paper", raising=False)
    translations.cache_clear()
    return "paper"


def test_it_is_the_english_sentence_with_its_facts() -> None:
    said = message("At most {count} characters.", count=200)
    assert said == "At most 200 characters."
    assert (said.msgid, said.facts) == ("At most {count} characters.", {"count": 200})
    assert type(str(said)) is str
    assert msgspec.json.encode(str(said)) == b'"At most 200 characters."'


def test_it_keeps_its_facts_in_every_language() -> None:
    said = message(_("Invitation to {tenant}"), tenant="Peeters & Sons")
    assert translated(said, "nl") == "Uitnodiging voor Peeters & Sons"
    assert translated(said, "en") == said


def test_a_number_is_written_as_the_reader_writes_it() -> None:
    said = message("{count} of {size}, since {year}", count=20_000, size=1.5, year="2026")
    assert said == "20000 of 1.5, since 2026"
    assert translated(said, "nl") == "20.000 of 1,5, since 2026"


def test_what_stands_in_a_fact_is_no_pattern() -> None:
    said = message("{name} and {other}", name="{other} {0} {x.__class__} %s", other="b")
    assert said == "{other} {0} {x.__class__} %s and b"
    assert translated(said, "fr") == said


def test_a_fact_may_be_a_message() -> None:
    said = message("{what}: {address}", what=message(_("IP address")), address="192.0.2.1")
    assert (said, translated(said, "de")) == ("IP address: 192.0.2.1", "IP-Adresse: 192.0.2.1")


def test_a_missing_fact_is_an_error_where_the_message_is_made() -> None:
    with pytest.raises(KeyError, match="tenant"):
        message("{name} of {tenant}", name="a")


def test_text_without_facts_keeps_its_braces() -> None:
    assert message("{so}") == translated("{so}", "nl") == "{so}"


def test_text_that_no_catalogue_has_stays_as_it_is() -> None:
    assert translated("Something entirely else", "fr") == "Something entirely else"
    assert translated("", "fr") == ""
    assert translated("Browser", "nl", "belsimple_dossiers") == "Browser"


def test_a_package_goes_before_the_platform_which_is_behind_it(spoken: str) -> None:
    assert translated("When", "nl") == "Wanneer"
    assert translated("When", "nl", spoken) == "Ooit"
    assert translated("IP address", "nl", spoken) == "IP-adres"
    assert translated("When", "de", spoken) == "Wann"  # it has no catalogue of that language
    assert translations("nl", spoken).gettext("IP address") == "IP-adres"


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", ["0 pages", "1 page", "2 pages", "1.000 pages"]),
        ("nl", ["0 bladen", "1 blad", "2 bladen", "1.000 bladen"]),
        ("fr", ["0 feuille", "1 feuille", "2 feuilles", "1\u202f000 feuilles"]),
        ("de", ["0 pages", "1 page", "2 pages", "1.000 pages"]),
    ],
)
def test_each_language_counts_in_its_own_way(language: Language, said: list[str], spoken: str) -> None:
    pages = [counted("{count} page", "{count} pages", count=count) for count in (0, 1, 2, 1000)]
    assert [translated(one, language, spoken) for one in pages] == said
    assert [str(one) for one in pages] == ["0 pages", "1 page", "2 pages", "1000 pages"]
    assert all(isinstance(one, Message) for one in pages)


def test_ngettext_counts_likewise(spoken: str) -> None:
    say = translations("fr", spoken).ngettext
    assert [say("{count} page", "{count} pages", count) for count in (0, 1, 2)] == [
        "{count} feuille",
        "{count} feuille",
        "{count} feuilles",
    ]
