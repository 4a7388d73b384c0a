"""Every letter in every language: complete, readable without HTML, and with no link but ours."""

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from belsimple.language import LANGUAGES, Language
from belsimple.letter import ByValue, IfGiven, Paragraph
from belsimple.mail.letters import LETTERS
from belsimple.mail.writing import LetterFault, Order, Written, write

URL = "https://dossiers.example.be:8443"
TOKEN = "q83Jx0mYw2k5bT1s9Zc7rV4uNfHdLgPeAoIiOyXtQzM"
FACTS: dict[str, Any] = {
    "inviter": "Marie Peeters",
    "new_email": "new@example.be",
    "old_email": "old@example.be",
    "at": "2026-11-22T21:40:12Z",
    "agent": "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
    "address": "192.0.2.17",
    "count": 50,
    "times": 10,
    "member": "els@example.be",
    "role": "security",
    "change": "password",
    "network": "192.0.2.0/24",
    "name": "Nightly export",
    "hint": "bel_3xQz",
    "place": "https://paste.example/4711",
    "by": "An Peeters",
    "operator": "Olivia Operator",
    "operator_email": "olivia@operator.example",
    "extent": "reading",
    "until": "2026-11-22T21:40:12Z",
    "reason": "The export of March fails",
    "organisation": "Notaris De Meester",
    "factor": "passkey",
    "provider": "Brouwer",
    "email": "els@example.be",
    "left": 9,
}
SOURCE = Path(__file__).parents[3] / "src/belsimple"


def written(kind: str, language: Language, **facts: Any) -> Written:
    order = Order(
        kind=kind,
        recipient="jan@example.be",
        language=language,
        facts={**FACTS, **facts},
        tenant="Peeters & Sons",
        person="Jan <Peeters>",
        signature="Example BV · Kerkstraat 1, 1000 Brussel",
        token=TOKEN,
    )
    return write(order, URL)


def texts(paragraph: Paragraph) -> list[str]:
    if isinstance(paragraph, IfGiven):
        return [paragraph.then, paragraph.otherwise]
    return list(paragraph.texts.values()) if isinstance(paragraph, ByValue) else [paragraph]


class Reader(HTMLParser):
    """What an HTML part shows and what it would fetch."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.tags: set[str] = set()
        self.shown = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        for name, value in attrs:
            assert name not in {"src", "background", "action", "srcset", "poster"}, f"{tag} fetches {value}"
            assert not name.startswith("on"), f"{tag} runs a script"
            assert "url(" not in (value or ""), f"{tag} fetches {value}"
            if name == "href":
                self.links.append(value or "")

    def handle_data(self, data: str) -> None:
        self.shown += data


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", LETTERS)
def test_every_letter_says_the_same_as_text_and_as_html(kind: str, language: Language) -> None:
    letter, made = LETTERS[kind], written(kind, language)
    shown = " ".join(Reader(made.html).shown.split())
    for line in re.split(r"\n\n+", made.text):
        for part in line.split("\n") if line.startswith("--") else [" ".join(line.split())]:
            said = part.removeprefix("--").strip()
            if letter.action and URL + letter.action.page in said:
                assert said.split(": ")[0] in shown  # the button's label
            elif not (letter.details and ": " in said):
                assert all(word in shown for word in said.split()), said
    assert made.subject.strip()
    assert "\n" not in made.subject
    assert "{" not in made.subject + made.text + shown.replace(TOKEN, "").split("} }")[-1].split("@media")[0]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", LETTERS)
def test_a_letter_holds_its_own_link_and_nothing_remote(kind: str, language: Language) -> None:
    made, action, link = written(kind, language), LETTERS[kind].action, LETTERS[kind].link
    page = Reader(made.html)
    expected = [f"{URL}{action.page}?token={TOKEN}"] * 2 if action else [f"{URL}{link.path}"] * 2 if link else []
    assert page.links == expected
    assert page.tags.isdisjoint({"img", "script", "link", "iframe", "form", "object", "embed", "video", "base"})
    mentioned = re.findall(r"https?://[^\s\"<]+", made.text + page.shown)
    assert all(address.startswith(URL) for address in mentioned), mentioned
    assert (TOKEN in made.text) is (action is not None)


@pytest.mark.parametrize("kind", LETTERS)
def test_a_letter_is_in_another_language_in_another_language(kind: str) -> None:
    assert len({written(kind, language).subject for language in LANGUAGES}) == len(LANGUAGES)
    assert len({written(kind, language).text for language in LANGUAGES}) == len(LANGUAGES)


@pytest.mark.parametrize("language", LANGUAGES)
def test_letters_address_people_formally(language: Language) -> None:
    familiar = {
        "en": r"$^",
        "nl": r"\b(je|jij|jouw|jou)\b",
        "fr": r"\b(tu|toi|ton|ta|tes)\b",
        "de": r"\b(du|dich|dir|dein\w*|ihr)\b",
    }
    for kind in LETTERS:
        assert not re.search(familiar[language], written(kind, language).text, re.IGNORECASE if language != "de" else 0)


def test_every_value_of_a_fact_has_its_text() -> None:
    posts = [
        line
        for file in sorted((SOURCE / "database/migrations").glob("*.sql"))
        for line in file.read_text().splitlines()
    ]
    told = "".join(line for line in posts if "'operator_changed'" in line)
    for change in ("password", "role", "deactivated", "reactivated", "refused_sign_ins"):
        assert written("operator_changed", "en", change=change).text
        assert f"'{change}'" in told, "a text that nobody sends"
    with pytest.raises(LetterFault):
        written("operator_changed", "en", change="something else")


def test_a_missing_fact_and_an_unknown_kind_are_faults_and_not_holes() -> None:
    with pytest.raises(LetterFault, match="new_email"):
        write(Order(kind="email_changed", recipient="a@example.be", language="en", tenant="T"), URL)
    with pytest.raises(LetterFault, match="no_such"):
        write(Order(kind="no_such", recipient="a@example.be", language="en"), URL)


def test_every_mail_that_the_database_posts_has_a_letter_with_its_link() -> None:
    scripts = "".join(file.read_text() for file in sorted((SOURCE / "database/migrations").glob("*.sql")))
    calls = re.findall(r"(?:mail[.]post|identity[.]tell(?:_owners)?)[(](?:case [^,]*? end|[^,]*),", scripts)
    kinds = {kind for call in calls for kind in re.findall(r"(?:[(]|then |else )'([a-z_]+)'", call)}
    assert kinds <= set(LETTERS), kinds - set(LETTERS)
    assert {"invitation", "password_reset", "deactivated", "reactivated", "operator_invitation"} <= kinds
    assert set(LETTERS) - kinds == {"test"}, "a letter that nobody sends"


def test_the_pages_that_letters_open_belong_to_their_purpose() -> None:
    assert {kind: letter.action.page for kind, letter in LETTERS.items() if letter.action} == {
        "invitation": "/invitation",
        "password_reset": "/reset",
        "email_change_old": "/email-change",
        "email_change_new": "/email-change",
        "browser_confirmation": "/sign-in/confirmation",
        "operator_invitation": "/operator/invitation",
        "operator_reset": "/operator/reset",
    }


def test_what_people_call_themselves_is_text_and_no_pattern() -> None:
    made = written("invitation", "en", inviter="{recipient} {0} {x.__class__} %s <b>bold</b>")
    assert "{recipient} {0} {x.\u2060__class__} %s <b>bold</b>" in " ".join(made.text.split())
    assert "&lt;b&gt;bold&lt;/b&gt;" in made.html
    assert "<b>" not in made.html
