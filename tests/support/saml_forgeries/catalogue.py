"""All kinds of forgeries, and the test that all shapes share."""

from collections.abc import Callable

from tests.support.saml_forgeries import Maker, bytewise, encryption, judge, signatures, statements, wrapping
from tests.support.saml_messages import shapes

MAKERS: tuple[Maker, ...] = (
    *wrapping.ALL,
    *statements.ALL,
    *signatures.ALL,
    *encryption.ALL,
    *bytewise.ALL,
)
_LEAST = 10


def check(shape: str, maker: Maker, record_property: Callable[[str, object], None]) -> None:
    """None of a kind is accepted, each is refused by a ProviderFailure, and the histogram stands in the summary of the run."""
    verdict = judge(shapes()[shape], maker)
    counts = {**verdict.refused, "(nothing signed changed, read as the original)": verdict.unchanged}
    record_property("histogram", (f"Forged SAML responses, {shape}", counts))
    assert verdict.faults == []
    assert verdict.total >= _LEAST
