"""Numbers 21 and 22, messages of an identity provider that are forged in one respect each (see hostile_provider.py and hostile_saml_provider.py)."""

import asyncio
import subprocess
import sys

import msgspec

from belsimple.attack.site import Broken, Site, api_case
from belsimple.errors import OperatorError


async def _play(site: Site, module: str, guard: str) -> None:
    command = [sys.executable, "-P", "-m", f"belsimple.attack.{module}", guard, site.broken]
    done = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise OperatorError(f"The hostile provider could not be played: {done.stderr[-300:]}", "Run it by hand.")
    if believed := msgspec.json.decode(done.stdout, type=list[str]):
        raise Broken(f"believed of a provider's answer: {', '.join(believed)}")


def _declare(number: int, module: str, guard: str, promise: str) -> None:
    async def forged(site: Site) -> None:
        await _play(site, module, guard)

    forged.__name__, forged.__doc__ = f"forged_{guard}", promise
    api_case(number, guard)(forged)


for _guard, _promise in {
    "id_token_issuer": "An ID token of another issuer is refused, however alike the name.",
    "id_token_audience": "One for somebody else, or for others besides us, is refused.",
    "id_token_nonce": "One that another sign-in has asked for is refused.",
    "id_token_times": "One that is over, not begun, or from before the browser set off is refused.",
    "id_token_algorithm": "No token chooses its own algorithm: none, and the public key as a secret.",
    "id_token_signature": "One that is altered, or signed by a key that is not the provider's, is refused.",
    "provider_mix_up": "One provider's answer is not taken for another's, nor its keys.",
}.items():
    _declare(21, "hostile_provider", _guard, _promise)

for _guard, _promise in {
    "saml_signature": "An assertion that is not signed, altered, or signed by a key that is not the provider's, is refused.",
    "saml_algorithm": "No message chooses its own algorithm: SHA-1, the public key as a secret, transforms.",
    "saml_wrapping": "What is read is what is signed, wherever else a signed assertion stands: the eight forms of wrapping.",
    "saml_document": "No document type, entity, comment, instruction or other encoding is read.",
    "saml_names": "Another's issuer, audience, recipient, destination or request is refused.",
    "saml_times": "An assertion that is over, not begun, too old or from later is refused.",
    "saml_encryption": "Encrypting proves nothing, and where it is asked for nothing comes in the clear.",
    "saml_ciphers": "CBC and PKCS #1 1.5, which let others read what is encrypted, are refused.",
    "saml_logout": "No sessions end by a request that is not signed, altered, there twice or another's.",
}.items():
    _declare(22, "hostile_saml_provider", _guard, _promise)
