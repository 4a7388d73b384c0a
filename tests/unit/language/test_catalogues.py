"""The catalogues hold what the sources say, all of it and nothing else, and translations say the same; faults name file and line."""

import sys
from pathlib import Path

import pytest

from belsimple.language import translations
from belsimple.language.checks import TRANSLATED, catalogue_faults
from belsimple.language.extraction import extracted
from tools import catalogues
from tools.catalogues import PACKAGES

CODE = """\
from belsimple.language import counted, marked as _, message

def greet(name: str) -> str:
    return message(_("Good day, {name}."), name=name)

def tell(count: int) -> str:
    return counted("One sheet.", "{count} sheets.", count=count)
"""
PAGE = """\
<h1>{{ _("Paper") }}</h1>
<p>{{ _("Written by <b>{name}</b>.", name=name) }}</p>
<p>{{ ngettext("{count} word", "{count} words", words, count=words) }}</p>
"""
SQL = """\
-- raise exception 'Only a comment.' using errcode = 'BS409';
create function paper.check() returns void language plpgsql as $$
begin
    if true then raise exception 'This sheet is somebody''s.' using errcode = 'BS409', hint = 'taken'; end if;
    raise exception 'Not found.' using errcode = 'BS404';
    raise exception 'for whoever calls' using errcode = 'BS409';
    raise exception 'An error of PostgreSQL.' using errcode = '22023';
end $$;
"""
NL = """\
msgid ""
msgstr ""
"Content-Type: text/plain; charset=utf-8\\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\\n"

msgid "This sheet is somebody's."
msgstr "Dit blad is van iemand."

msgid "Good day, {name}."
msgstr "Goedendag {name}."

msgid "One sheet."
msgid_plural "{count} sheets."
msgstr[0] "Eén blad."
msgstr[1] "{count} bladen."

msgid "Paper"
msgstr "Papier"

msgid "Written by <b>{name}</b>."
msgstr "Geschreven door <b>{name}</b>."

msgid "{count} word"
msgid_plural "{count} words"
msgstr[0] "{count} woord"
msgstr[1] "{count} woorden"
"""


@pytest.mark.parametrize("package", PACKAGES)
def test_every_message_of_the_service_is_in_every_language(package: str) -> None:
    assert "\n".join(str(fault) for fault in catalogue_faults(package)) == ""


class Paper:
    """A package of its own, complete in Dutch, with what else a test writes into it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.write("__init__.py", CODE)
        self.write("templates/paper.html", PAGE)
        self.write("migrations/0001_paper.sql", SQL)
        self.dutch = self.write("locale/nl/LC_MESSAGES/paper.po", NL)

    def write(self, name: str, text: str) -> Path:
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        return file

    def translate(self, was: str, becomes: str) -> None:
        assert NL.count(was) == 1
        self.dutch.write_text(NL.replace(was, becomes))

    def faults(self) -> list[str]:
        """Of the code and the Dutch catalogue, without the folder's name."""
        found = [str(fault) for fault in catalogue_faults("paper")]
        return [
            one.removeprefix(f"{self.folder}/")
            for one in found
            if "the fr catalogue" not in one and "the de catalogue" not in one
        ]


@pytest.fixture
def paper(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Paper:
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "paper", raising=False)
    translations.cache_clear()
    return Paper(tmp_path / "paper")


def test_messages_are_found_in_code_templates_and_sql(paper: Paper) -> None:
    assert [(one.file, one.line, one.msgid, one.plural) for one in extracted("paper")] == [
        ("__init__.py", 4, "Good day, {name}.", None),
        ("__init__.py", 7, "One sheet.", "{count} sheets."),
        ("migrations/0001_paper.sql", 4, "This sheet is somebody's.", None),
        ("templates/paper.html", 1, "Paper", None),
        ("templates/paper.html", 2, "Written by <b>{name}</b>.", None),
        ("templates/paper.html", 3, "{count} word", "{count} words"),
    ]
    assert paper.faults() == []


def test_a_message_that_no_catalogue_has_is_a_fault_where_it_is_said(paper: Paper) -> None:
    paper.write("more.py", 'from belsimple.modules import marked as _\n\nTITLE = _("Something new")\n')
    assert [str(fault) for fault in catalogue_faults("paper") if "new" in str(fault)] == [
        f"{paper.folder}/more.py:3: not in the {language} catalogue: 'Something new'" for language in TRANSLATED
    ]


def test_a_module_need_not_repeat_what_the_platform_has(paper: Paper) -> None:
    paper.write("more.py", 'from belsimple.modules import marked as _\n\nTITLE = _("IP address")\n')
    assert paper.faults() == []


def test_a_module_without_a_catalogue_is_told_so(paper: Paper) -> None:
    paper.dutch.unlink()
    assert len(paper.faults()) == 6
    assert paper.faults()[0] == "__init__.py:4: not in the nl catalogue: 'Good day, {name}.'"


@pytest.mark.parametrize(
    ("was", "becomes", "fault"),
    [
        ('msgid "Paper"', 'msgid "Parchment"', "templates/paper.html:1: not in the nl catalogue: 'Paper'"),
        ('msgid "Paper"', 'msgid "Parchment"', "po:17: nothing says it: 'Parchment'"),
        ('msgid "Paper"', '#~ msgid "Vellum"\n#~ msgstr "Vel"\n\nmsgid "Paper"', "nothing says it any more: 'Vellum'"),
        ('msgstr "Papier"', 'msgstr ""', "po:17: not translated: 'Paper'"),
        ('msgstr "Papier"', 'msgstr " "', "po:17: not translated: 'Paper'"),
        ('msgid "Paper"', '#, fuzzy\nmsgid "Paper"', "po:18: nobody has confirmed the translation of 'Paper'"),
        ("Goedendag {name}.", "Goedendag.", "po:9: the translation of 'Good day, {name}.' has other facts: 'Goedendag.'"),
        ("Goedendag {name}.", "Goedendag {naam}.", "po:9: the translation of 'Good day, {name}.' has other facts"),
        ("Goedendag {name}.", "Goedendag {name!r}.", "po:9: the translation of 'Good day, {name}.' has other facts"),
        ("Goedendag {name}.", "Goedendag {name.", "po:9: the translation of 'Good day, {name}.' has other facts"),
        ("door <b>{name}</b>", "door {name}", "po:20: the translation of 'Written by <b>{name}</b>.' has other markup"),
        ("door <b>{name}</b>", "door <b>{name}<b>", "po:20: the translation of 'Written by <b>{name}</b>.' has other markup"),
        ("door <b>", "door <b onclick='x()'>", "po:20: the translation of 'Written by <b>{name}</b>.' has other markup"),
        ("{count} bladen.", "Bladen.", "po:12: the translation of 'One sheet.' has other facts: 'Bladen.'"),
        ('msgstr[1] "{count} woorden"', "", "po:23: not translated: '{count} word'"),
        ('msgstr[1] "{count} woorden"', 'msgstr[1] "{count} w"\nmsgstr[2] "{count} w"', "num_plurals"),
        ("nplurals=2; plural=(n != 1)", "nplurals=2; plural=(n > 1)", "po:1: the header's Plural-Forms are not those of nl"),
        ("nplurals=2; plural=(n != 1)", "nplurals=1; plural=0", "po"),
        ('msgid "Paper"', 'msgid Paper"', "po:17: "),
    ],
)  # fmt: skip
def test_what_is_wrong_in_a_catalogue_is_a_fault_on_its_line(paper: Paper, was: str, becomes: str, fault: str) -> None:
    paper.translate(was, becomes)
    assert [one for one in paper.faults() if fault.replace("po:", "locale/nl/LC_MESSAGES/paper.po:", 1) in one], (
        paper.faults()
    )


def test_the_form_for_one_may_name_the_number_although_english_does_not(paper: Paper) -> None:
    paper.translate("Eén blad.", "{count} blad.")
    assert paper.faults() == []


def test_a_sentence_of_sql_has_no_facts(paper: Paper) -> None:
    paper.write("migrations/0002_more.sql", "\nraise exception 'No % here.', name using errcode = 'BS409';\n")
    assert (
        "migrations/0002_more.sql:2: no catalogue can have a sentence with facts in it: 'No % here.'" in paper.faults()
    )


def test_updating_keeps_translations_drops_the_unused_and_lists_the_missing(
    paper: Paper, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(paper.folder)
    paper.translate('msgid "Paper"\nmsgstr "Papier"', 'msgid "Parchment"\nmsgstr "Perkament"')
    assert catalogues.main(["paper"]) == 1
    told = capsys.readouterr().out.splitlines()
    updated = paper.dutch.read_text()
    assert "locale/nl/LC_MESSAGES/paper.po:22: not translated: 'Paper'" in told
    assert "Parchment" not in updated
    assert 'msgstr[1] "{count} bladen."' in updated
    assert "locale/fr/LC_MESSAGES/paper.po:22: not translated: 'Paper'" in told
    assert not any(word in updated for word in ("Date", "Translator", "Generated", str(paper.folder)))
    assert catalogues.main(["paper"]) == 1
    assert paper.dutch.read_text() == updated
