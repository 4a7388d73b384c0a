"""Number 17: a passkey's answers used twice, forged, from a copy."""

from collections.abc import Callable

from belsimple.attack.authenticator import Authenticator
from belsimple.attack.sign_ins import begin_passkey, go_on, with_passkey
from belsimple.attack.site import Site, api_case, expect


@api_case(17, "pending_once")
async def a_passkey_s_answer_used_twice(site: Site) -> None:
    """401 for an answer whose challenge was answered, though the authenticator counts nothing."""
    device = (await with_passkey(site, "keyed")).device
    device.count = -1  # as authenticators do that keep no counter
    pending, options = await begin_passkey(site)
    answer = device.get(options)
    expect(await go_on(site, pending, credential=answer), 201, why="a passkey")
    expect(await go_on(site, pending, credential=answer), 401, why="a passkey's answer used twice")


@api_case(17, "passkey_answer")
async def a_forged_passkey(site: Site) -> None:
    """401 for an answer of another key, to another challenge, for another site, or without its user verified."""
    device = (await with_passkey(site, "keyed")).device
    forgeries: dict[str, Callable[[str], str]] = {
        "another key": lambda options: _stranger_as(device, options),
        "another site": lambda options: device.get(options, origin="https://attack.invalid"),
        "another host": lambda options: device.get(options, host="attack.invalid"),
        "nobody verified": lambda options: _unverified(device, options),
    }
    for what, forged in forgeries.items():
        pending, options = await begin_passkey(site)
        expect(await go_on(site, pending, credential=forged(options)), 401, why=f"a passkey's answer: {what}")
    _, other = await begin_passkey(site)
    pending, _ = await begin_passkey(site)
    expect(await go_on(site, pending, credential=device.get(other)), 401, why="an answer to another challenge")


@api_case(17, "sign_count")
async def a_copied_passkey(site: Site) -> None:
    """401 for a passkey whose counter has not risen: somebody has a copy."""
    device = (await with_passkey(site, "keyed")).device
    device.count = 10
    pending, options = await begin_passkey(site)
    expect(await go_on(site, pending, credential=device.get(options)), 201, why="a passkey")
    device.count = 5
    pending, options = await begin_passkey(site)
    expect(await go_on(site, pending, credential=device.get(options)), 401, why="a copied passkey")


def _stranger_as(device: Authenticator, options: str) -> str:
    return Authenticator(device.origin, passkey=device.passkey, user=device.user).get(options)


def _unverified(device: Authenticator, options: str) -> str:
    device.verified = False
    try:
        return device.get(options)
    finally:
        device.verified = True
