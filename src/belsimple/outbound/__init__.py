"""The only way out: every request that this service makes to an address somebody else named (ATTACKS.md, 27)."""

from belsimple.outbound.client import Answer, GuardedClient
from belsimple.outbound.places import Allowed, Place, place_of
from belsimple.outbound.trouble import OutboundTrouble

__all__ = ["Allowed", "Answer", "GuardedClient", "OutboundTrouble", "Place", "place_of"]
