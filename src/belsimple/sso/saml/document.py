"""The one parser, for everything that comes from outside: messages, metadata, what was decrypted, and the bytes that a signature covers.

Two parsers that read the same bytes differently were how signatures were forged (ruby-saml CVE-2025-25291, -25292); so were comments
that split a text in two (CVE-2017-11427). What a SAML message has no need of is refused before anything is parsed.
"""

import re
from base64 import b64decode, b64encode
from binascii import Error
from collections.abc import Iterator
from typing import Final

from lxml import etree

from belsimple.sso.failures import ProviderFailure
from belsimple.sso.saml.names import (
    ASSERTION,
    ENCRYPTION,
    ENCRYPTION_11,
    EXCLUSIVE,
    PROTOCOL,
    SIGNATURE,
)

Element = etree._Element  # noqa: SLF001 # pyright: ignore[reportPrivateUsage] - lxml has no other name for it

MOST_ENCODED: Final = 512 * 1024
MOST_DOCUMENT: Final = 384 * 1024
MOST_ELEMENTS: Final = 5000
MOST_DEPTH: Final = 32
MESSAGE_NAMESPACES: Final = frozenset({PROTOCOL, ASSERTION, SIGNATURE, ENCRYPTION, ENCRYPTION_11, EXCLUSIVE})
_DECLARATION: Final = re.compile(
    r"""\A<\?xml[ \t\r\n]+version=(?:"1\.0"|'1\.0')(?:[ \t\r\n]+encoding=(?:"utf-8"|'utf-8'))?"""
    r"""(?:[ \t\r\n]+standalone=(?:"(?:yes|no)"|'(?:yes|no)'))?[ \t\r\n]*\?>""",
    re.IGNORECASE,
)
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9._-]{0,255}", re.ASCII)
_BLANKS: Final = re.compile(rb"[ \t\r\n]+")
_SPACE: Final = " \t\r\n"
_MARK: Final = b"\xef\xbb\xbf"


def from_base64(encoded: str | bytes, reason: str, *, most: int = MOST_ENCODED) -> bytes:
    """What was encoded (RFC 4648, 4), line breaks apart. Raises ProviderFailure with `reason`.

    Only the one way of writing it is taken: decoders that pass over odd characters read what others do not.
    """
    if len(encoded) > most:
        raise ProviderFailure(reason)
    try:
        raw = encoded.encode("ascii") if isinstance(encoded, str) else encoded
        packed = _BLANKS.sub(b"", raw)
        decoded = b64decode(packed, validate=True)
    except (Error, ValueError):
        raise ProviderFailure(reason) from None
    if b64encode(decoded) != packed or not decoded:
        raise ProviderFailure(reason)
    return decoded


def parser(*, drops_comments: bool = False) -> etree.XMLParser:
    """A parser that fetches nothing, expands nothing, and keeps what it finds so that it can be refused."""
    return etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        attribute_defaults=False,
        huge_tree=False,
        recover=False,
        remove_comments=drops_comments,
        remove_pis=False,
        strip_cdata=False,
        remove_blank_text=False,
        collect_ids=False,
    )


def parsed(document: bytes) -> Element:
    """The root of a message. Raises ProviderFailure: `document` for what is no such XML, `wrapping` for an id that is there twice."""
    root = _tree(_plain(document), parser())
    _check_tree(root, MESSAGE_NAMESPACES)
    _check_ids(root)
    return root


def parsed_metadata(document: bytes) -> Element:
    """The root of metadata, which may hold elements of any namespace, and comments, which are dropped. Raises ProviderFailure."""
    root = _tree(_plain(document.removeprefix(_MARK), comments=True), parser(drops_comments=True))
    _check_tree(root, None)
    return root


def _tree(document: bytes, by: etree.XMLParser) -> Element:
    try:
        return etree.fromstring(document, by)
    except (etree.LxmlError, ValueError):
        raise ProviderFailure("document") from None


def _plain(document: bytes, *, comments: bool = False) -> bytes:
    """Nothing but elements, text and character references, in UTF-8.

    In XML "<" stands for itself nowhere else, so this finds every DOCTYPE (entity expansion, XXE), comment, CDATA section and
    processing instruction there can be; UTF-16 and UTF-7 cannot hide them.
    """
    if len(document) > MOST_DOCUMENT:
        raise ProviderFailure("document")
    try:
        text = document.decode("utf-8")
    except UnicodeDecodeError:
        raise ProviderFailure("document") from None
    text = _DECLARATION.sub("", text, count=1)
    if (
        "<!" in (text.replace("<!--", "") if comments else text)
        or "<?" in text
        or "\0" in text
        or text.startswith("\ufeff")
    ):
        raise ProviderFailure("document")
    return text.encode()


def _check_tree(root: Element, namespaces: frozenset[str] | None) -> None:
    for elements, (element, depth) in enumerate(_with_depth(root), 1):
        if elements > MOST_ELEMENTS or depth > MOST_DEPTH or not isinstance(element.tag, str):
            raise ProviderFailure("document")
        if namespaces is not None and etree.QName(element).namespace not in namespaces:
            raise ProviderFailure("document")


def _with_depth(root: Element) -> Iterator[tuple[Element, int]]:
    waiting = [(root, 1)]
    while waiting:
        element, depth = waiting.pop()
        yield element, depth
        waiting.extend((child, depth + 1) for child in element)


def _check_ids(root: Element) -> None:
    """No id twice, whatever the attribute is called: else a signature could cover one element, and another be read."""
    found: set[str] = set()
    for element in root.iter():
        ids = [str(value) for name, value in element.attrib.items() if etree.QName(name).localname.lower() == "id"]
        if len(ids) > 1 or not found.isdisjoint(ids):
            raise ProviderFailure("wrapping")
        if ids and not _NAME.fullmatch(ids[0]):
            raise ProviderFailure("document")
        found.update(ids)


def isolated(element: Element) -> bytes:
    """An element as a document of its own, with the namespaces that are in scope, and nothing of what stands around it."""
    return etree.tostring(element, encoding="utf-8", xml_declaration=False, with_tail=False)


def children(element: Element, tag: str) -> list[Element]:
    """The children of this name."""
    return [child for child in element if child.tag == tag]


def only(element: Element, tag: str, reason: str = "document") -> Element:
    """The one child of this name. Raises ProviderFailure when there is none, or more."""
    found = children(element, tag)
    if len(found) != 1:
        raise ProviderFailure(reason)
    return found[0]


def at_most_one(element: Element, tag: str, reason: str = "document") -> Element | None:
    """The child of this name, if there is one. Raises ProviderFailure when there are more."""
    return only(element, tag, reason) if children(element, tag) else None


def text_of(element: Element, reason: str = "document") -> str:
    """All of an element's text. Raises ProviderFailure for one that holds elements: part of its text would be passed over."""
    if len(element):
        raise ProviderFailure(reason)
    return element.text or ""


def check_content(element: Element, allowed: frozenset[str], attributes: frozenset[str] | None = None) -> None:
    """That an element holds only these elements, with blanks between them, and these attributes. Raises ProviderFailure."""
    texts = [element.text, *(child.tail for child in element)]
    if any(child.tag not in allowed for child in element) or any(text and text.strip(_SPACE) for text in texts):
        raise ProviderFailure("document")
    if attributes is not None and not attributes.issuperset(str(name) for name in element.attrib):
        raise ProviderFailure("document")


def check_leaf(element: Element, attributes: frozenset[str]) -> None:
    """That an element holds no others, and these attributes at most. Raises ProviderFailure."""
    if len(element) or not attributes.issuperset(str(name) for name in element.attrib):
        raise ProviderFailure("document")
