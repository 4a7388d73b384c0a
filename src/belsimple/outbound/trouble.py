"""Why a request did not come to an answer, in words for whoever set up the address."""


class OutboundTrouble(Exception):
    """What was expected to go wrong did. `reason`: a marked sentence or a Message, without anything the other side said.

    `name` tells programs and tests the cause apart: address, scheme, unresolved, private, unreachable, certificate, slow, large, broken, redirect.
    """

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(name)
        self.name = name
        self.reason = reason
