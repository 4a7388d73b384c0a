"""The pages of pysaml2's identity provider; see `saml_peer`."""

import html
import json
import secrets
from http.cookies import SimpleCookie
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, urlsplit

from saml2 import BINDING_HTTP_REDIRECT

from tests.support.saml_peer_provider import BINDINGS, Peer


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
            form["SAMLRequest"], BINDINGS[binding], **(signature if binding == "redirect" else {})
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
            form["SAMLRequest"], BINDINGS[binding], **(signature if binding == "redirect" else {})
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
