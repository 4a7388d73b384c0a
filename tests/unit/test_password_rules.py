"""What a password may be: NIST SP 800-63B-4, 3.1.1.2."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from belsimple.identity.passwords import LONGEST, SHORTEST, accepted, normalised
from belsimple.web.problems import Unprocessable


def refusal(password: str, about: tuple[str, ...] = ()) -> str:
    with pytest.raises(Unprocessable) as refused:
        accepted(password, pointer="/new", about=about)
    [(pointer, sentence)] = refused.value.errors
    assert pointer == "/new"
    assert password not in sentence
    return sentence


@pytest.mark.parametrize(
    "password",
    [
        "correct horse battery staple",
        "aQ3 zu7Kd!ßé€漢字テスト",
        "no composition rules here",
        "                 spaces       count  ",
        "🐎🔋📎✅ vier woorden",
        "1929384756102938",
    ],
)
def test_anything_long_and_uncommon_goes(password: str) -> None:
    assert accepted(password, pointer="/new") == normalised(password)


def test_the_bounds_are_characters_not_bytes() -> None:
    assert "at least 15" in refusal("é" * 3 + "abcdefghijk")
    assert "at most 256" in refusal("abcdefgh" * 40)
    long = "".join(chr(0x4E00 + index) for index in range(LONGEST))
    assert accepted(long, pointer="/new") == long
    assert accepted(long[:SHORTEST], pointer="/new") == long[:SHORTEST]
    assert "at most" in refusal(long + "x")


@pytest.mark.parametrize(
    "password",
    [
        "passwordpassword",
        "password12345678",
        "123456789123456789",
        "PasswordPassword",
        "qwertyuiopqwertyuiop",
        "aaaaaaaaaaaaaaaaaaaa",
        "abcabcabcabcabcabc",
        "!!!!password!!!!!",
        "1234567890123456",
    ],
)
def test_what_attackers_try_first_is_refused(password: str) -> None:
    assert "attackers try first" in refusal(password)


@pytest.mark.parametrize("password", ["janneke.peeters", "Janneke.Peeters2026!", "123janneke.peeters"])
def test_ones_own_name_is_refused(password: str) -> None:
    assert "own name or address" in refusal(password.ljust(15, "!"), ("acme", "janneke.peeters", "Janneke"))


def test_digits_are_not_taken_for_a_name_of_digits() -> None:
    assert accepted("1929384756102938", pointer="/new", about=("0612345678",))


def test_a_short_word_about_someone_does_not_forbid_every_password() -> None:
    assert accepted("a very long sentence", pointer="/new", about=("a", "", "ann"))


def test_two_keyboards_make_one_password() -> None:
    composed, decomposed = "één lang wachtwoord", unicodedata.normalize("NFD", "één lang wachtwoord")
    assert composed != decomposed
    assert accepted(composed, pointer="/new") == accepted(decomposed, pointer="/new")


@given(st.text(max_size=300))
def test_what_is_accepted_is_normal_and_within_bounds(password: str) -> None:
    try:
        result = accepted(password, pointer="/new")
    except Unprocessable:
        return
    assert SHORTEST <= len(result) <= LONGEST
    assert result == normalised(result) == normalised(password)


@given(st.text("abc 漢é!7", min_size=1, max_size=3), st.integers(min_value=15, max_value=80))
def test_a_short_thing_written_over_and_over_is_refused(unit: str, length: int) -> None:
    with pytest.raises(Unprocessable):
        accepted((unit * length)[:length], pointer="/new")


@given(st.text(alphabet=st.characters(codec="utf-8"), min_size=20, max_size=60))
def test_every_accepted_password_can_be_hashed(password: str) -> None:
    assert normalised(password).encode()
