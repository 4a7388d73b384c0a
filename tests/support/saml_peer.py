"""The process of `SamlIdentityProvider`: pysaml2's identity provider behind a plain HTTPS server. Started as a script with a settings file.

It has a form to sign in, single sign-on and single logout by both bindings, each begun by either side, metadata, and `/control`, by which
tests say how it behaves from now on.
"""

import base64
import html
import json
import secrets
import ssl
import sys
from functools import partial
from http.cookies import SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

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
_BINDINGS = {"redirect": BINDING_HTTP_REDIRECT, "post": BINDING_HTTP_POST}
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
        both = [(f"{self.url}/%s/{name}", binding) for name, binding in _BINDINGS.items()]
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
        binding = _BINDINGS[self.behaviour["logout_binding"]]
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
        binding = _BINDINGS[self.behaviour["logout_binding"]]
        sign = self.behaviour["signs_logout"]
        made = self.idp.create_logout_response(parsed.message, [binding], sign=binding == BINDING_HTTP_POST and sign)
        address = self.idp.response_args(parsed.message, [binding])["destination"]
        return binding, self.idp.apply_binding(binding, str(made), address, relay, response=True, sign=sign)


def _encoded(made: Any) -> str:
    return base64.b64encode(str(made).encode()).decode()


class Handler(BaseHTTPRequestHandler):
    """Its pages."""

    peer: Peer
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        place = urlsplit(self.path)
        self._answer(place.path, {name: values[0] for name, values in parse_qs(place.query).items()}, "redirect")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        if self.path in ("/control", "/register"):
            self.peer.be(json.loads(body)) if self.path == "/control" else self.peer.register(body)
            self._send(200, "ok", kind="text/plain")
        else:
            self._answer(urlsplit(self.path).path, {name: values[0] for name, values in parse_qs(body).items()}, "post")

    def _answer(self, path: str, form: dict[str, str], binding: str) -> None:
        try:
            if path == "/metadata":
                self._send(200, self.peer.metadata().decode(), kind="application/samlmetadata+xml")
            elif path.startswith("/sso/"):
                self._sign_on(form, binding)
            elif path.startswith("/slo/"):
                self._sign_out(form, binding)
            elif path in ("/login", "/initiated", "/logout"):
                getattr(self, f"_{path[1:]}")(form)
            else:
                self._send(404, "not here")
        except Exception as error:  # noqa: BLE001 - whatever pysaml2 raises is its refusal
            self.log_error("%r", error)
            self._send(400, f"<h1>Refused</h1><p>{html.escape(repr(error))}</p>")

    @property
    def _person(self) -> str | None:
        cookie = SimpleCookie(self.headers.get("Cookie", "")).get("peer")
        return None if cookie is None else self.peer.sessions.get(cookie.value)

    def _sign_on(self, form: dict[str, str], binding: str) -> None:
        signature = {
            "relay_state": form.get("RelayState"),
            "sigalg": form.get("SigAlg"),
            "signature": form.get("Signature"),
        }
        request = self.peer.idp.parse_authn_request(
            form["SAMLRequest"], _BINDINGS[binding], **(signature if binding == "redirect" else {})
        ).message
        relay = form.get("RelayState", "")
        if self._person is not None and request.force_authn not in ("true", "1"):
            self._post_form(*self.peer.response(request, self._person), relay)
            return
        name = secrets.token_hex(8)
        self.peer.waiting[name] = (request, relay)
        self._login_page(name)

    def _login_page(self, waiting: str) -> None:
        self._send(
            200,
            "<h1>Sign in at the peer</h1><form method=post action=/login>"
            f'<input type=hidden name=waiting value="{waiting}"><label>Name <input name=login autofocus></label>'
            "<button type=submit>Sign in</button></form>",
        )

    def _login(self, form: dict[str, str]) -> None:
        login = form.get("login", "")
        if login not in self.peer.people:
            self._send(403, "<h1>Nobody of that name</h1>")
            return
        session = secrets.token_hex(16)
        self.peer.sessions[session] = login
        cookie = f"peer={session}; Path=/; Secure; HttpOnly; SameSite=None"
        if form["waiting"] == "unsolicited":
            self._post_form(*self.peer.unsolicited(login), "", cookie)
            return
        request, relay = self.peer.waiting.pop(form["waiting"])
        self._post_form(*self.peer.response(request, login), relay, cookie)

    def _initiated(self, _: dict[str, str]) -> None:
        """Begun here: somebody clicks on the service in their provider's list."""
        if self._person is None:
            self._login_page("unsolicited")
        else:
            self._post_form(*self.peer.unsolicited(self._person), "")

    def _logout(self, form: dict[str, str]) -> None:
        login = self._person or form["login"]
        self.peer.sessions = {name: who for name, who in self.peer.sessions.items() if who != login}
        self._forward(*self.peer.logout(login))

    def _sign_out(self, form: dict[str, str], binding: str) -> None:
        if "SAMLResponse" in form:
            self._send(200, "<h1>Signed out everywhere</h1>")
            return
        signature = {
            "relay_state": form.get("RelayState"),
            "sigalg": form.get("SigAlg"),
            "signature": form.get("Signature"),
        }
        parsed = self.peer.idp.parse_logout_request(
            form["SAMLRequest"], _BINDINGS[binding], **(signature if binding == "redirect" else {})
        )
        subject = parsed.message.name_id.text
        self.peer.sessions = {
            name: login for name, login in self.peer.sessions.items() if self.peer.people[login]["sub"] != subject
        }
        self._forward(*self.peer.logged_out(parsed, form.get("RelayState", "")))

    def _forward(self, binding: str, made: dict[str, Any]) -> None:
        if binding == BINDING_HTTP_REDIRECT:
            self._send(303, "", location=dict(made["headers"])["Location"])
        else:
            self._send(200, str(made["data"]))

    def _post_form(self, value: str, address: str, relay: str, cookie: str | None = None) -> None:
        relayed = f'<input type=hidden name=RelayState value="{html.escape(relay)}">' if relay else ""
        self._send(
            200,
            f'<form method=post action="{html.escape(address)}"><input type=hidden name=SAMLResponse value="{value}">{relayed}'
            "<button type=submit>Continue</button></form><script>document.forms[0].submit()</script>",
            cookie=cookie,
        )

    def _send(
        self, status: int, text: str, *, kind: str = "text/html", location: str | None = None, cookie: str | None = None
    ) -> None:
        body = (
            f"<!doctype html><title>Peer</title><link rel=icon href=data:,>{text}".encode()
            if kind == "text/html"
            else text.encode()
        )
        self.send_response(status)
        for name, value in (("Content-Type", f"{kind}; charset=utf-8"), ("Location", location), ("Set-Cookie", cookie)):
            if value is not None:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def main() -> None:
    settings = json.loads(Path(sys.argv[1]).read_bytes())
    Handler.peer = Peer(settings)
    server = ThreadingHTTPServer(("127.0.0.1", settings["port"]), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(settings["certificate"], settings["key"])
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    server.serve_forever()


if __name__ == "__main__":
    main()
