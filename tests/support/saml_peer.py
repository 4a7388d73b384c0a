"""The process of `SamlIdentityProvider`: pysaml2's identity provider behind a plain HTTPS server. Started with a settings file.

It has a form to sign in, single sign-on and single logout by both bindings, each begun by either side, metadata, and `/control`, by which
tests say how it behaves from now on.
"""

import json
import ssl
import sys
from http.server import ThreadingHTTPServer
from pathlib import Path

from tests.support.saml_peer_pages import Handler
from tests.support.saml_peer_provider import Peer


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
