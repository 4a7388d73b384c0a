"""Documents changed after they were signed: texts cut in two, other encodings, entities, odd base64, and single bytes all over."""

import gzip
import random
import zlib
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

from lxml import etree

from belsimple.sso.saml.names import saml
from tests.support.saml_forgeries import Forgery, forged
from tests.support.saml_forgeries.signatures import LETTERS
from tests.support.saml_messages import Facts, Shape, encoded, encrypted

_SEED = 20_261_130


def cut_texts(shape: Shape) -> Iterator[Forgery]:
    """A comment, an instruction or a CDATA section at every place of every text: canonicalisation leaves comments out."""
    plain = shape.sign(shape.assertion(Facts()))
    for name in ("Issuer", "NameID", "Audience", "AttributeValue"):
        start = plain.index(">", plain.index(f"{shape.a}{name}")) + 1
        end = plain.index("</", start)
        for at in range(start, end + 1):
            for piece in ("<!---->", "<!-- x -->", "<?x y?>", "<![CDATA[]]>", "&x;", "&#0;", "<x/>", "\x00", "\x0b"):
                yield forged(f"{piece!r} at {at - start} of {name}", _around(shape, plain[:at] + piece + plain[at:]))
    for at in (index for index, character in enumerate(plain) if character == ">"):
        yield forged(f"comment at {at}", _around(shape, f"{plain[: at + 1]}<!-- -->{plain[at + 1 :]}"))
    document = shape.document()
    for at in (index for index, character in enumerate(document) if character == ">"):
        yield forged(f"instruction at {at}", f"{document[: at + 1]}<?x y?>{document[at + 1 :]}")


def tampered(shape: Shape) -> Iterator[Forgery]:
    """Each element of the signed assertion taken away, doubled, renamed or told otherwise; each attribute, too."""
    good = etree.fromstring(shape.sign(shape.assertion(Facts())).encode())
    for index, original in enumerate(good.iter()):
        name = etree.QName(original).localname
        for label, change in _CHANGES.items():
            root = deepcopy(good)
            if change(list(root.iter())[index]) and etree.tostring(root) != etree.tostring(good):
                yield forged(f"{name} {label}", _around(shape, etree.tostring(root).decode()))
        for attribute, value in original.attrib.items():
            for other in (None, "", f"{value}x", str(value)[:-1], f" {value}"):
                root = deepcopy(good)
                element = list(root.iter())[index]
                element.attrib.pop(attribute) if other is None else element.set(attribute, other)
                yield forged(f"{name}@{attribute} = {other!r}", _around(shape, etree.tostring(root).decode()))


def _remove(element: Any) -> bool:
    if element.getparent() is not None:
        element.getparent().remove(element)
    return element.getparent() is not None or element.tag != saml("Assertion")


def _double(element: Any) -> bool:
    if element.getparent() is None:
        return False
    element.addnext(deepcopy(element))
    return True


def _tag(tag: str) -> Any:
    def change(element: Any) -> bool:
        element.tag = tag or etree.QName(element).localname
        return True

    return change


def _told(text: str) -> Any:
    def change(element: Any) -> bool:
        if len(element):
            return False
        element.text = (element.text or "") + text
        return True

    return change


def _attribute(element: Any) -> bool:
    element.set("x", "y")
    return True


def _base(element: Any) -> bool:
    element.set("{http://www.w3.org/XML/1998/namespace}id", "_x")
    return True


_CHANGES: dict[str, Any] = {
    "removed": _remove,
    "doubled": _double,
    "of no namespace": _tag(""),
    "called otherwise": _tag("{urn:oasis:names:tc:SAML:1.0:assertion}Assertion"),
    "told more": _told("x"),
    "told an umlaut": _told("\u00e4"),
    "with an attribute": _attribute,
    "with an xml:id": _base,
}


def other_documents(shape: Shape) -> Iterator[Forgery]:
    """Document types, entities and encodings; documents around the document; documents without end."""
    good = shape.document()
    root = good[good.index("<") + 1 : good.index(" ")]
    subsets = [
        "",
        '[<!ENTITY x "y">]',
        '[<!ENTITY x SYSTEM "file:///etc/passwd">]',
        'SYSTEM "https://evil.example/x.dtd"',
    ]
    subsets += ['PUBLIC "x" "https://evil.example/x.dtd"', '[<!ENTITY % x SYSTEM "https://evil.example/x"> %x;]']
    subsets += [
        "[<!ATTLIST x ID ID #IMPLIED>]",
        '[<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;">]',
    ]
    for subset in subsets:
        for name in (root, "x"):
            doctype = f"<!DOCTYPE {name} {subset}>"
            yield forged(doctype, doctype + good)
            yield forged(f"{doctype} declared", f'<?xml version="1.0"?>{doctype}{good}')
            yield forged(
                f"{doctype} in UTF-16", (f'<?xml version="1.0" encoding="utf-16"?>{doctype}{good}').encode("utf-16")
            )
            yield forged(f"{doctype} used", doctype + good.replace("anna", "&x;").replace("Success", "&x;", 1))
    for codec in (
        "utf-16",
        "utf-16-le",
        "utf-16-be",
        "utf-32",
        "utf-32-le",
        "utf-32-be",
        "utf-7",
        "cp037",
        "utf-8-sig",
    ):
        yield forged(codec, good.encode(codec))
        yield forged(f"{codec} declared", f'<?xml version="1.0" encoding="{codec}"?>{good}'.encode(codec))
    for name in (
        "utf-16",
        "utf-7",
        "iso-8859-1",
        "us-ascii",
        "windows-1252",
        "cp037",
        "UTF8",
        "ucs-4",
        "shift_jis",
        "",
    ):
        yield forged(f"said to be {name}", f'<?xml version="1.0" encoding="{name}"?>{good}')
    for head in (
        '<?xml version="1.1"?>',
        '<?xml version="2.0"?>',
        "<?xml?>",
        '<?xml-stylesheet href="x"?>',
        "text",
        "\ufeff",
        "\0",
        "<x/>",
    ):
        yield forged(f"begins {head!r}", head + good)
    for tail in ("text", "<x/>", good, "<!-- -->", "<?x?>", "\0", "\0<x/>", "]]>", "&#0;"):
        yield forged(f"ends {tail!r:.20}", good + tail)
    for around in (
        "<x>{}</x>",
        '<s:Envelope xmlns:s="x"><s:Body>{}</s:Body></s:Envelope>',
        "<![CDATA[{}]]>",
        "<!--{}-->",
    ):
        yield forged(f"within {around}", around.replace("{}", good))
    yield forged("deep", good.replace("</", "<x>" * 10_000 + "</x>" * 10_000 + "</", 1))
    yield forged("wide", good.replace("</", "<x/>" * 20_000 + "</", 1))
    yield forged("long", good.replace("</", " " * 400_000 + "</", 1))
    yield forged(
        "many attributes", good.replace(" ID=", "".join(f' a{number}=""' for number in range(9000)) + " ID=", 1)
    )
    yield forged("an attribute twice", good.replace(" ID=", ' ID="x" ID=', 1))


def odd_base64(shape: Shape) -> Iterator[Forgery]:
    """What lax decoders read, and what other bindings carry."""
    document = shape.document()
    good = encoded(document)
    for at in range(0, len(good), max(1, len(good) // 60)):
        for junk in ("-", "_", "!", "=", "\0", "%2B", "\u00e9", "\ufeff"):
            yield Forgery(f"{junk!r} at {at}", good[:at] + junk + good[at:])
    for at in range(1, len(good), max(1, len(good) // 200)):
        yield Forgery(f"{at} characters", good[:at])
    for at in range(1, 4):  # bits that stand for nothing: a byte more or less in what encodes them
        padded = encoded(document + " " * at)
        if padded.endswith("="):
            last = padded.rstrip("=")[-1]
            yield Forgery(
                "loose bits", padded.rstrip("=")[:-1] + LETTERS[LETTERS.index(last) ^ 1] + "=" * padded.count("=")
            )
    deflated = zlib.compress(document.encode(), wbits=-15)
    bomb = zlib.compress(b"<x>" + b" " * 20_000_000, wbits=-15)
    for name, data in (
        ("deflated", deflated),
        ("a bomb", bomb),
        ("gzip", gzip.compress(document.encode())),
        ("hex", document.encode().hex().encode()),
    ):
        yield forged(name, data)
    others = (
        good + good,
        good + "=",
        good + "A",
        "=" + good,
        good.replace("+", "-").replace("/", "_") + "-",
        encoded(good),
        document,
    )
    for index, text in enumerate((*others, "", " ", "=", "====", "A", "AAAA", "A" * 600_000, " " * 600_000)):
        yield Forgery(f"other {index}", text)


def single_bytes(shape: Shape) -> Iterator[Forgery]:
    """Every other byte of the document, or every fourth of what is encrypted, with a bit changed; others left out, doubled, or another letter."""
    chance = random.Random(_SEED)
    document = shape.document().encode()
    start, end = _covered(document)
    for at in range(0, len(document), 4 if shape.encrypts else 2):
        byte = document[at]
        outside = not start <= at < end and not shape.signs_response
        changes = [bytes([byte ^ 1 << chance.randrange(8)])]
        if at % 6 == 0:
            changes += [b"", bytes([byte, byte]), chance.choice(b"abcxyzABC019<>&\"' ").to_bytes()]
        for changed in changes:
            if changed != bytes([byte]) and not _is_blank(document, at, changed):
                yield forged(
                    f"byte {at}: {byte:#x} to {changed!r}",
                    document[:at] + changed + document[at + 1 :],
                    outside=outside,
                )


def _covered(document: bytes) -> tuple[int, int]:
    """Where the assertion is, in the clear or encrypted: there nothing may change unseen."""
    for name in (b"CipherValue>", b"Assertion "):
        if name in document:
            return document.index(name), document.rindex(name.strip()) + len(name)
    raise AssertionError


def _is_blank(document: bytes, at: int, changed: bytes) -> bool:
    """Whether only blanks between elements or attributes change, which say nothing."""
    blanks = b" \n\t"
    return document[at : at + 1] in (b" ", b"\n") and (not changed.strip(blanks))


def _around(shape: Shape, assertion: str) -> str:
    return shape.around(Facts(), encrypted(assertion) if shape.encrypts else assertion)


ALL = (cut_texts, tampered, other_documents, odd_base64, single_bytes)
