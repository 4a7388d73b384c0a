"""pysaml2's identity provider, and how it behaves; see `saml_peer`."""

import base64
import secrets
from functools import partial
from typing import Any

import saml2.entity
import saml2.sigver
from saml2 import BINDING_HTTP_POST, BINDING_HTTP_REDIRECT
from saml2.config import IdPConfig
from saml2.metadata import create_metadata_string
from saml2.saml import NAMEID_FORMAT_PERSISTENT, NAMEID_FORMAT_TRANSIENT, NameID
from saml2.samlp import STATUS_AUTHN_FAILED
from saml2.server import Server


def _encrypted(
    context: Any, statement: Any, key: Any, template: Any, key_type: str = "", node_xpath: str | None = None
) -> Any:
    del key_type  # pysaml2 encrypts by triple DES, and lets nobody choose
    return context.crypto.encrypt_assertion(statement, key, template, "aes-256", node_xpath)


saml2.entity.pre_encryption_part = partial(
    saml2.sigver.pre_encryption_part, msg_enc="http://www.w3.org/2009/xmlenc11#aes256-gcm"
)
setattr(saml2.sigver.SecurityContext, "encrypt_assertion", _encrypted)  # noqa: B010 - its type is another
BINDINGS = {"redirect": BINDING_HTTP_REDIRECT, "post": BINDING_HTTP_POST}
_PASSWORD = {"class_ref": "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport", "authn_auth": "peer"}


class Peer:
    """The provider: who is signed in, what waits for a sign-in, and how it behaves."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self.settings = settings
        self.url = settings["url"]
        self.people = {person["email"].partition("@")[0]: person for person in settings["people"]}
        self.behaviour: dict[str, Any] = settings["behaviour"]
        self.services: list[str] = []
        self.waiting: dict[str, tuple[Any, str]] = {}
        self.sessions: dict[str, str] = {}
        self.idp: Any = self._server()

    def _config(self) -> IdPConfig:
        first, second = self.settings["keys"]
        now, other = (second, first) if self.behaviour["rotated"] else (first, second)
        more = [other["certificate"]] if self.behaviour["announced"] or self.behaviour["rotated"] else []
        both = [(f"{self.url}/%s/{name}", binding) for name, binding in BINDINGS.items()]
        return IdPConfig().load(
            {
                "entityid": f"{self.url}/metadata",
                "xmlsec_binary": "/usr/bin/xmlsec1",
                "key_file": now["key"],
                "cert_file": now["certificate"],
                "additional_cert_files": more,
                "metadata": {"inline": self.services} if self.services else {},
                "service": {
                    "idp": {
                        "endpoints": {
                            "single_sign_on_service": [(address % "sso", binding) for address, binding in both],
                            "single_logout_service": [(address % "slo", binding) for address, binding in both],
                        },
                        "want_authn_requests_signed": self.behaviour["wants_signed"],
                        "policy": {"default": {"lifetime": {"minutes": 5}, "attribute_restrictions": None}},
                    }
                },
            }
        )

    def _server(self) -> Any:
        made = Server(config=self._config())
        made.signing_algorithm = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"  # its default is SHA-1
        made.digest_algorithm = "http://www.w3.org/2001/04/xmlenc#sha256"
        return made

    def be(self, changed: dict[str, Any]) -> None:
        """Behave otherwise from now on."""
        if self.behaviour | changed != self.behaviour:
            self.behaviour |= changed
            self.idp = self._server()

    def register(self, metadata: str) -> None:
        """Know another service, or one anew."""
        if self.services != [metadata]:
            self.services = [metadata]
            self.idp = self._server()

    def metadata(self) -> bytes:
        made = create_metadata_string(None, self._config())
        return made if isinstance(made, bytes) else made.encode()

    def response(self, request: Any, login: str) -> tuple[str, str]:
        """The form's value and where it is posted."""
        person = self.people[login]
        arguments = self.idp.response_args(request, [BINDING_HTTP_POST])
        if self.behaviour["error"]:
            made = self.idp.create_error_response(
                arguments["in_response_to"], arguments["destination"], (STATUS_AUTHN_FAILED, "no")
            )
            return _encoded(made), arguments["destination"]
        return self._assertion(person, arguments["in_response_to"], arguments["destination"], arguments["sp_entity_id"])

    def unsolicited(self, login: str) -> tuple[str, str]:
        """A response that nobody asked for."""
        service = next(iter(self.idp.metadata.keys()))
        consumer = self.idp.metadata.assertion_consumer_service(service, BINDING_HTTP_POST)[0]["location"]
        return self._assertion(self.people[login], None, consumer, service)

    def _assertion(self, person: dict[str, Any], request: str | None, address: str, service: str) -> tuple[str, str]:
        made = self.idp.create_authn_response(
            {
                "mail": person["email"],
                "displayName": person["name"],
                "isMemberOf": person["groups"],
                "uid": person["sub"],
            },
            request,
            address,
            service,
            name_id=self._name_id(person),
            authn=_PASSWORD,
            sign_response=self.behaviour["signs_response"],
            sign_assertion=self.behaviour["signs_assertion"],
            encrypt_assertion=self.behaviour["encrypts"],
            encrypt_assertion_self_contained=True,
        )
        return _encoded(made), address

    def _name_id(self, person: dict[str, Any]) -> NameID:
        if self.behaviour["transient"]:
            return NameID(format=NAMEID_FORMAT_TRANSIENT, text=secrets.token_hex(16))
        return NameID(format=NAMEID_FORMAT_PERSISTENT, text=person["sub"])

    def logout(self, login: str) -> tuple[str, dict[str, Any]]:
        """A request of ours to the service, and the binding it goes by."""
        service = next(iter(self.idp.metadata.keys()))
        binding = BINDINGS[self.behaviour["logout_binding"]]
        address = self.idp.metadata.single_logout_service(service, binding, "spsso")[0]["location"]
        post = binding == BINDING_HTTP_POST
        sign = self.behaviour["signs_logout"]
        made = self.idp.create_logout_request(
            address, service, name_id=self._name_id(self.people[login]), sign=post and sign
        )
        if isinstance(made, tuple):
            made = made[1]
        return binding, self.idp.apply_binding(binding, str(made), address, "out", sign=sign)

    def logged_out(self, parsed: Any, relay: str) -> tuple[str, dict[str, Any]]:
        """The answer to a request of the service's."""
        binding = BINDINGS[self.behaviour["logout_binding"]]
        sign = self.behaviour["signs_logout"]
        made = self.idp.create_logout_response(parsed.message, [binding], sign=binding == BINDING_HTTP_POST and sign)
        address = self.idp.response_args(parsed.message, [binding])["destination"]
        return binding, self.idp.apply_binding(binding, str(made), address, relay, response=True, sign=sign)


def _encoded(made: Any) -> str:
    return base64.b64encode(str(made).encode()).decode()
