"""A letter as a message: two parts, no header but ours."""

from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from uuid import UUID

import pytest

from belsimple.mail.message import AddressFault, Envelope, enclose
from belsimple.mail.writing import Order, Written, write

ID = UUID("01900000-0000-7000-8000-000000000001")
LETTER = Written("nl", "Uitnodiging voor Café Zoë", "Dag,\n\nEen lange tekst.\n", "<p>Dag</p>")
HEADERS = [
    "From",
    "To",
    "Subject",
    "Date",
    "Message-ID",
    "Content-Language",
    "Auto-Submitted",
    "X-Auto-Response-Suppress",
]


def enclosed(
    letter: Written = LETTER, *, sender: str = "Belsimple <no-reply@example.be>", to: str = "jan@example.be"
) -> Envelope:
    return enclose(letter, message_id=ID, sender=sender, recipient=to)


def parsed(envelope: Envelope) -> EmailMessage:
    return message_from_bytes(envelope.content, policy=default)


def test_it_has_a_plain_part_and_an_html_part_in_ascii_bytes() -> None:
    message = parsed(enclosed())
    assert [part.get_content_type() for part in message.walk()] == ["multipart/alternative", "text/plain", "text/html"]
    assert message["Subject"] == LETTER.subject
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Message-ID"] == f"<{ID}@example.be>"
    assert (enclosed().sender, enclosed().recipient) == ("no-reply@example.be", "jan@example.be")
    assert enclosed().content.isascii()
    assert all(len(line) <= 998 for line in enclosed().content.split(b"\r\n"))


@pytest.mark.parametrize(
    "nasty", ["Jan\r\nBcc: all@example.com", "Jan\nX-Evil: 1", "Jan\u2028Bcc: a@b.c", "=?utf-8?q?=0ABcc:_a=40b.c?="]
)
def test_no_name_makes_a_header(nasty: str) -> None:
    for kind in ("invitation", "refusal_burst"):
        order = Order(
            kind=kind,
            recipient="jan@example.be",
            language="en",
            tenant=nasty,
            person=nasty,
            signature=nasty,
            facts={"inviter": nasty, "count": nasty, "member": nasty},
        )
        content = enclosed(write(order, "https://example.be")).content
        head = content.split(b"\r\n\r\n")[0]
        names = [line.split(b":")[0].decode() for line in head.split(b"\r\n") if not line.startswith((b" ", b"\t"))]
        assert set(names) - {"MIME-Version", "Content-Type"} == set(HEADERS)
        assert len(names) == len(set(names))


def test_a_line_break_in_a_subject_is_refused_even_here() -> None:
    with pytest.raises(ValueError, match="linefeed"):
        enclosed(Written("en", "a\r\nBcc: b@c", "x", "x"))


@pytest.mark.parametrize(
    "address",
    ["a@b\r\nBcc: c@d", "a@b, c@d", "a b@c", "", "jan", "<a@b>", "a@" + "x" * 200, "a..b@" + "ö" * 80 + ".be"],
)
def test_what_is_no_address_gets_no_mail(address: str) -> None:
    with pytest.raises(AddressFault):
        enclosed(to=address)


def test_addresses_beyond_ascii() -> None:
    assert enclosed(to="jan@exämple.be").recipient == "jan@xn--exmple-cua.be"
    assert parsed(enclosed(to="jan@exämple.be"))["To"] == "jan@xn--exmple-cua.be"
    international = enclosed(to="zoë@example.be")
    assert international.recipient == "zoë@example.be"
    assert "zoë@example.be".encode() in international.content
