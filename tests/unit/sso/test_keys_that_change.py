"""Keys that change: fetched once more, under a new name or an old one, and not more often than every ten seconds."""

from typing import Any

import msgspec
import pytest
from joserfc.jwk import RSAKey

from belsimple.outbound import Answer
from belsimple.sso.failures import ProviderFailure
from belsimple.sso.metadata import REFETCH_SECONDS, Library
from tests.unit.sso.test_tokens import GOOD, KEY, OTHER, PROVIDER, published, signed

BY_HAND = msgspec.structs.replace(
    PROVIDER,
    discovered=False,
    authorization_address="https://idp.example/a",
    token_address="https://idp.example/t",
    keys_address="https://idp.example/k",
)


class Peer:
    """A provider that publishes these keys, and a clock."""

    def __init__(self, *keys: Any) -> None:
        self.keys = keys
        self.asked = 0
        self.now = 1000.0

    async def get(self, _: str) -> Answer:
        self.asked += 1
        return Answer(200, {}, published(*self.keys), "https://idp.example/k")

    def library(self) -> Library:
        return Library(self, lambda: self.now)  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize("name", ["two", "one"])
async def test_a_new_key_is_fetched_once(name: str) -> None:
    peer = Peer(KEY)
    library = peer.library()
    assert await library.verified(signed(), BY_HAND) == GOOD
    new = RSAKey.import_key(OTHER.as_dict(private=True) | {"kid": name})
    peer.keys = (new,)
    with pytest.raises(ProviderFailure):
        await library.verified(signed(key=new), BY_HAND)  # asked a moment ago
    peer.now += REFETCH_SECONDS + 1
    assert await library.verified(signed(key=new), BY_HAND) == GOOD
    assert peer.asked == 2


async def test_made_up_keys_make_no_storm_of_requests() -> None:
    peer = Peer(KEY)
    library = peer.library()
    for _ in range(50):
        with pytest.raises(ProviderFailure, match="key"):
            await library.verified(signed(kid="made up"), BY_HAND)
    assert peer.asked == 1


async def test_a_changed_provider_is_another_one() -> None:
    peer = Peer(KEY)
    library = peer.library()
    await library.verified(signed(), BY_HAND)
    peer.keys = (OTHER,)
    with pytest.raises(ProviderFailure):
        await library.verified(signed(), msgspec.structs.replace(BY_HAND, version=2))
    assert peer.asked == 2
