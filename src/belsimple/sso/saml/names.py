"""The names of SAML 2.0, XML Signature and XML Encryption that are used here."""

from typing import Final

PROTOCOL: Final = "urn:oasis:names:tc:SAML:2.0:protocol"
ASSERTION: Final = "urn:oasis:names:tc:SAML:2.0:assertion"
METADATA: Final = "urn:oasis:names:tc:SAML:2.0:metadata"
SIGNATURE: Final = "http://www.w3.org/2000/09/xmldsig#"
ENCRYPTION: Final = "http://www.w3.org/2001/04/xmlenc#"
ENCRYPTION_11: Final = "http://www.w3.org/2009/xmlenc11#"
EXCLUSIVE: Final = "http://www.w3.org/2001/10/xml-exc-c14n#"
ENVELOPED: Final = f"{SIGNATURE}enveloped-signature"

REDIRECT_BINDING: Final = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
POST_BINDING: Final = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
DEFLATE: Final = "urn:oasis:names:tc:SAML:2.0:bindings:URL-Encoding:DEFLATE"
BEARER: Final = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
ENTITY: Final = "urn:oasis:names:tc:SAML:2.0:nameid-format:entity"
TRANSIENT: Final = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"
STATUS: Final = "urn:oasis:names:tc:SAML:2.0:status:"
SUCCESS: Final = f"{STATUS}Success"


def saml(name: str) -> str:
    """An element of the assertion schema."""
    return f"{{{ASSERTION}}}{name}"


def samlp(name: str) -> str:
    """An element of the protocol schema."""
    return f"{{{PROTOCOL}}}{name}"


def md(name: str) -> str:
    """An element of the metadata schema."""
    return f"{{{METADATA}}}{name}"


def ds(name: str) -> str:
    """An element of XML Signature."""
    return f"{{{SIGNATURE}}}{name}"


def xenc(name: str) -> str:
    """An element of XML Encryption."""
    return f"{{{ENCRYPTION}}}{name}"


def xenc11(name: str) -> str:
    """An element of XML Encryption 1.1."""
    return f"{{{ENCRYPTION_11}}}{name}"
