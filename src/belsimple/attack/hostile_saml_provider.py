"""`python -m belsimple.attack.hostile_saml_provider GUARD`: a SAML provider in an attacker's hand, played to the service's own reader.

In a process of its own, as hostile_provider.py, so that a guard can be taken out of the program first. Each forgery changes one thing
of an answer that is taken as it is. Prints the forgeries that were believed, and "lost" when the honest answer was not.
"""

import sys
import time
from collections.abc import Callable, Mapping
from typing import Any, Final
from uuid import UUID

import msgspec
from cryptography.hazmat.primitives.asymmetric import rsa

from belsimple.attack.mutating import all_mutants
from belsimple.attack.saml_answers import ADDRESS, ENTITY, ISSUER, LOGOUT_ADDRESS, Answers, Keys, text
from belsimple.attack.saml_farewells import FAREWELLS, Farewell
from belsimple.attack.saml_forgeries import ENCRYPTED, FORGERIES, Forge

LOGOUT: Final = "saml_logout"


class Scene:
    """The provider's keys, and what the service knows of it and of itself."""

    def __init__(self, *, encrypts: bool) -> None:
        # Only now: what is imported here must see the mutation.
        from belsimple.sso.saml.own_keys import OwnKey, public_key  # noqa: PLC0415
        from belsimple.sso.saml.own_keys import certificate_of as read  # noqa: PLC0415
        from belsimple.sso.saml.provider import ServiceProvider  # noqa: PLC0415

        theirs, others, ours = (OwnKey.new("attack", now=time.time()) for _ in range(3))
        key = public_key(read(ours.certificate))
        assert isinstance(key, rsa.RSAPublicKey)
        self.encrypts = encrypts
        self.keys = Keys(theirs.private(), others.private(), others.certificate, key)
        self.own = ServiceProvider(
            entity_id=ENTITY, response_address=ADDRESS, logout_address=LOGOUT_ADDRESS, keys=(ours,)
        )
        self.provider = _provider(theirs.certificate, encrypted_only=encrypts)

    def believes_answer(self, forge: Forge | None) -> bool:
        """Whether somebody comes in by an answer."""
        from belsimple.sso.saml.response import read_response  # noqa: PLC0415

        now = time.time()
        answers = Answers(self.keys, now, encrypts=self.encrypts)
        if forge is not None:
            forge(answers)
        return _believed(lambda: read_response(text(answers.response()), self.provider, self.own, now=now))

    def believes_farewell(self, forge: Callable[[Farewell], None] | None) -> bool:
        """Whether sessions end by a request."""
        from belsimple.sso.saml.logout import LogoutMessage, read_logout  # noqa: PLC0415

        now = time.time()
        farewell = Farewell(keys=self.keys, key=self.keys.provider, now=now)
        if forge is not None:
            forge(farewell)
        message = (
            LogoutMessage("post", form=farewell.form())
            if farewell.in_a_form
            else LogoutMessage("redirect", query=farewell.query())
        )
        return _believed(lambda: read_logout(message, self.provider, self.own, now=now))


def _provider(certificate: str, *, encrypted_only: bool) -> Any:
    from belsimple.sso.saml.provider import SamlProvider  # noqa: PLC0415 - only now: it must see the mutation

    return SamlProvider(
        tenant_id=UUID(int=1),
        id=UUID(int=22),
        version=1,
        name="Theirs",
        issuer=ISSUER,
        sign_on_address="https://provider.example/sign-on",
        sign_on_binding="redirect",
        logout_address="https://provider.example/logout",
        logout_binding="redirect",
        certificates=(certificate,),
        algorithms=("rsa-sha256",),
        subject_attribute=None,
        signs_requests=True,
        idp_initiated=False,
        encrypted_only=encrypted_only,
    )


def _believed(read: Callable[[], object]) -> bool:
    from belsimple.sso.failures import ProviderFailure  # noqa: PLC0415 - only now: it must see the mutation

    try:
        read()
    except ProviderFailure:
        return False
    return True


def play(guard: str) -> list[str]:
    """Every forgery of a guard, between two honest messages."""
    scene = Scene(encrypts=guard in ENCRYPTED)
    if guard == LOGOUT:
        return _between(scene.believes_farewell, FAREWELLS)
    return _between(scene.believes_answer, FORGERIES[guard])


def _between(believes: Callable[[Any], bool], forgeries: Mapping[str, Any]) -> list[str]:
    honest = believes(None)
    taken = [name for name, forge in forgeries.items() if believes(forge)]
    return taken if honest and believes(None) else ["lost"]


def main(guard: str, broken: str) -> None:
    """Play a guard's forgeries, with another guard taken out or with none."""
    mutants = all_mutants()
    if broken in mutants:
        mutants[broken](str(UUID(int=0)))
    sys.stdout.buffer.write(msgspec.json.encode(play(guard)))


if __name__ == "__main__":
    main(*sys.argv[1:])
