"""Number 21, answers of an identity provider that are forged in one respect each (see hostile_provider.py)."""

import asyncio
import subprocess
import sys

import msgspec

from belsimple.attack.site import Broken, Site, api_case
from belsimple.errors import OperatorError


async def _play(site: Site, guard: str) -> None:
    command = [sys.executable, "-P", "-m", "belsimple.attack.hostile_provider", guard, site.broken]
    done = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise OperatorError(f"The hostile provider could not be played: {done.stderr[-300:]}", "Run it by hand.")
    if believed := msgspec.json.decode(done.stdout, type=list[str]):
        raise Broken(f"believed of a provider's answer: {', '.join(believed)}")


def _declare(guard: str, promise: str) -> None:
    async def forged(site: Site) -> None:
        await _play(site, guard)

    forged.__name__, forged.__doc__ = f"forged_{guard}", promise
    api_case(21, guard)(forged)


for _guard, _promise in {
    "id_token_issuer": "An ID token of another issuer is refused, however alike the name.",
    "id_token_audience": "One for somebody else, or for others besides us, is refused.",
    "id_token_nonce": "One that another sign-in has asked for is refused.",
    "id_token_times": "One that is over, not begun, or from before the browser set off is refused.",
    "id_token_algorithm": "No token chooses its own algorithm: none, and the public key as a secret.",
    "id_token_signature": "One that is altered, or signed by a key that is not the provider's, is refused.",
    "provider_mix_up": "One provider's answer is not taken for another's, nor its keys.",
}.items():
    _declare(_guard, _promise)
