"""A dossier's texts are normalised, bounded, and free of characters that hide or forge text."""

import time
from typing import Any

import pytest

from belsimple.modules import Unprocessable
from belsimple_dossiers.fields import cleaned
from belsimple_dossiers.model import DossierChange, NewDossier


def refusals(**fields: Any) -> tuple[str, ...]:
    """The pointers of what is refused."""
    with pytest.raises(Unprocessable) as refused:
        cleaned(DossierChange(**fields))
    return tuple(pointer for pointer, _ in refused.value.errors)


def test_they_are_composed_and_trimmed() -> None:
    new = cleaned(NewDossier(title=" E\u0301lodie\u00a0", reference=" A 1\n"))
    assert (new.title, new.reference) == ("\u00c9lodie", "A 1")


def test_lengths_count_composed_characters() -> None:
    assert cleaned(NewDossier(title="e\u0301" * 200)).title == "\u00e9" * 200
    assert refusals(title="e" * 201, reference="e" * 61, notes="e" * 20_001) == ("/title", "/reference", "/notes")
    assert len(cleaned(NewDossier(title="e", reference="e" * 60, notes="e" * 20_000)).notes) == 20_000


@pytest.mark.parametrize("text", ["", " ", "\t\n", "\u00a0\u2003", "\u200b", "\u200b \ufeff", "\u0000", "\ue000"])
def test_a_title_shows_something(text: str) -> None:
    assert refusals(title=text) == ("/title",)
    assert refusals(reference=text) == ("/reference",)


@pytest.mark.parametrize("character", ["\0", "\x1b", "\x7f", "\x9b", "\u2028", "\u202e", "\u2066", "\ud800"])
def test_hidden_characters_are_refused_everywhere(character: str) -> None:
    text = f"a{character}b"
    assert refusals(title=text, reference=text, notes=text) == ("/title", "/reference", "/notes")


def test_only_notes_have_lines() -> None:
    assert cleaned(NewDossier(title="a", notes="a\r\nb\n\tc")).notes == "a\nb\n\tc"
    assert refusals(title="a\nb", reference="a\tb") == ("/title", "/reference")
    assert refusals(notes="a\rb") == ("/notes",)


def test_text_of_every_script_is_kept() -> None:
    for text in ("שלום עולם", "Ελληνικά", "日本語", "ประเทศไทย", "👩‍👩‍👧", "naïve Ĳsselmeer"):
        assert cleaned(NewDossier(title=text, notes=text)).notes == text


def test_what_is_left_out_stays_out() -> None:
    assert cleaned(DossierChange()) == DossierChange()
    assert cleaned(DossierChange(reference=None)) == DossierChange(reference=None)


def test_combining_marks_cannot_keep_the_process_busy() -> None:
    started = time.perf_counter()
    assert refusals(notes="a" + "\u0315\u0300" * 39_999) == ("/notes",)
    assert time.perf_counter() - started < 1


def test_a_text_far_too_long_is_not_even_normalised() -> None:
    with pytest.raises(Unprocessable) as refused:
        cleaned(DossierChange(title="\u00e9" * 801))
    assert refused.value.errors == (("/title", "At most 200 characters."),)
