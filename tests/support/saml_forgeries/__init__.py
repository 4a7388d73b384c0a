"""Forged responses by the thousand: each differs from a valid original in one thing, and none may be accepted.

A `Forgery` that is `outside` changes something that no signature covers and nothing is read from (an id of the unsigned Response, say):
it may be taken if it says exactly what the original says, and is then counted apart.
"""

import os
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from belsimple.sso.failures import ProviderFailure
from belsimple.sso.saml.response import Assertion, read_response
from tests.support.saml_messages import NOW, Shape, encoded

_FIRST = 150


@dataclass(frozen=True)
class Forgery:
    name: str
    encoded: str
    outside: bool = False


def forged(name: str, document: str | bytes, *, outside: bool = False) -> Forgery:
    return Forgery(name, encoded(document), outside)


Maker = Callable[[Shape], Iterator[Forgery]]


@dataclass
class Verdict:
    """What became of a batch."""

    refused: Counter[str] = field(default_factory=Counter)
    unchanged: int = 0
    faults: list[str] = field(default_factory=list)

    @property
    def total(self) -> int:
        return sum(self.refused.values()) + self.unchanged + len(self.faults)


def accept(shape: Shape, document: str | None = None) -> Assertion:
    return read_response(encoded(document or shape.document()), shape.provider, shape.own, now=NOW)


def _chosen(forgeries: Iterator[Forgery]) -> Iterator[Forgery]:
    """The first of a kind, then every fourth, so that a usual run stays short; all of them where nothing may be left out."""
    everything = "BELSIMPLE_TEST_EVERYTHING" in os.environ
    return (one for number, one in enumerate(forgeries) if everything or number < _FIRST or number % 4 == 0)


def judge(shape: Shape, maker: Maker) -> Verdict:
    """Every forgery of a kind. The original is taken before and after: what is refused is refused for what was changed."""
    original, verdict = accept(shape), Verdict()
    for forgery in _chosen(maker(shape)):
        try:
            taken = read_response(forgery.encoded, shape.provider, shape.own, now=NOW)
        except ProviderFailure as failure:
            verdict.refused[failure.reason] += 1
        except Exception as error:  # noqa: BLE001 - whatever else comes out is a fault
            verdict.faults.append(f"{forgery.name}: raised {error!r}")
        else:
            if forgery.outside and taken == original:
                verdict.unchanged += 1
            else:
                verdict.faults.append(f"{forgery.name}: taken as {taken.subject!r}")
    assert accept(shape) == original
    return verdict
