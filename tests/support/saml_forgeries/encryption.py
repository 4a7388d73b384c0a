"""Encrypted assertions that are encrypted otherwise, for others, or not whole."""

import base64
from collections.abc import Iterator
from typing import Any

from cryptography.hazmat.primitives import hashes

from belsimple.sso.saml.names import ENCRYPTION, ENCRYPTION_11, SIGNATURE
from tests.support.saml_forgeries import Forgery, forged
from tests.support.saml_messages import Facts, Shape, certified, encrypted, rsa_key

_SHA256 = f'<ds:DigestMethod Algorithm="{ENCRYPTION}sha256"/>'
_MASK = f'<x:MGF xmlns:x="{ENCRYPTION_11}" Algorithm="{ENCRYPTION_11}mgf1sha256"/>'


def other_ciphers(shape: Shape) -> Iterator[Forgery]:
    """Named otherwise than it was done, and done as nobody should."""
    ciphers = [f"{ENCRYPTION}{name}-cbc" for name in ("aes128", "aes192", "aes256", "tripledes")]
    ciphers += [f"{ENCRYPTION_11}aes128-gcm", f"{ENCRYPTION_11}aes192-gcm", f"{ENCRYPTION_11}AES256-GCM", "", "urn:x"]
    for cipher in ciphers:
        yield _made(shape, cipher, cipher=cipher)
    for wrap in (f"{ENCRYPTION}rsa-1_5", f"{ENCRYPTION}kw-aes256", f"{ENCRYPTION}rsa-oaep", "", "urn:x"):
        yield _made(shape, wrap, wrap=wrap)
    for size in (16, 24):
        yield _made(shape, f"a key of {size} bytes", size=size)
    for method in (
        _SHA256,
        _MASK,
        f"{_SHA256}{_SHA256}",
        f'<ds:DigestMethod Algorithm="{SIGNATURE}md5"/>',
        "<x/>",
        "text",
    ):
        yield _made(shape, f"method {method}", method=method)
    yield _made(shape, "OAEP with SHA-256, not said", oaep=hashes.SHA256, mask=hashes.SHA256)
    yield _made(shape, "mask of SHA-256, not said", mask=hashes.SHA256)
    yield _made(shape, "for somebody else", certificate=certified(rsa_key("evil")))
    for container in ("ID", "Attribute", "Data", "assertion", ""):
        yield _made(shape, f"Encrypted{container}", container=container)


def other_parts(shape: Shape) -> Iterator[Forgery]:
    """Pieces missing, doubled, elsewhere, or led to from here."""
    good = encrypted(shape.sign(shape.assertion(Facts())))
    reference = '<xenc:CipherReference URI="https://evil.example/c"/>'
    retrieval = f'<ds:RetrievalMethod URI="#_k1" Type="{ENCRYPTION}EncryptedKey"/>'
    value = good[good.index("<xenc:CipherValue>") : good.index("</xenc:CipherValue>") + len("</xenc:CipherValue>")]
    key = good[good.index("<xenc:EncryptedKey") : good.index("</xenc:EncryptedKey>") + len("</xenc:EncryptedKey>")]
    info = good[good.index("<ds:KeyInfo") : good.index("</ds:KeyInfo>") + len("</ds:KeyInfo>")]
    changes = {
        "key by reference": (value, reference),
        "key and reference": (value, value + reference),
        "no key": (key, ""),
        "key by retrieval": (key, retrieval),
        "key and retrieval": (key, key + retrieval),
        "two keys": (key, key + key.replace("_k1", "_k2")),
        "key beside the data": ("</xenc:EncryptedData>", f"</xenc:EncryptedData>{key.replace('_k1', '_k2')}"),
        "no KeyInfo": (info, ""),
        "two KeyInfo": (info, info + info.replace("_k1", "_k2")),
        "agreement": (key, f'<xenc:AgreementMethod Algorithm="{ENCRYPTION}dh"/>{key}'),
        "content type": (f"{ENCRYPTION}Element", f"{ENCRYPTION}Content"),
        "properties": ("</xenc:EncryptedData>", "<xenc:EncryptionProperties/></xenc:EncryptedData>"),
        "unknown attribute": ('Id="_e1"', 'Id="_e1" x="y"'),
        "same id": ("_k1", "_e1"),
        "text": ("<xenc:CipherData>", "text<xenc:CipherData>"),
        "nested": (value, value.replace("<xenc:CipherValue>", "<xenc:CipherValue><xenc:EncryptedData/>")),
        "two data": (
            "</e:EncryptedAssertion>",
            "<xenc:EncryptedData/></e:EncryptedAssertion>".replace(
                "<xenc", f'<xenc:EncryptedData xmlns:xenc="{ENCRYPTION}"/><xenc'
            ),
        ),
    }
    for name, (before, after) in changes.items():
        yield forged(name, shape.around(Facts(), good.replace(before, after)))
    for content in (
        "",
        " ",
        "text",
        "<x/>",
        f"{shape.assertion(Facts())}",
        f"<!DOCTYPE x>{shape.sign(shape.assertion(Facts()))}",
    ):
        yield forged(f"encrypted {content[:20]!r}", shape.around(Facts(), encrypted(content)))
    plain = shape.sign(shape.assertion(Facts()))
    for content in (
        f"<!-- -->{plain}",
        f"{plain}{plain}",
        f"{plain}text",
        f"<?x y?>{plain}",
        f"text{plain}",
        plain[:-1],
        plain + "\0",
    ):
        yield forged(f"encrypted {content[:20]!r}", shape.around(Facts(), encrypted(content)))


def flipped(shape: Shape) -> Iterator[Forgery]:
    """Every bit of the first bytes, and bits all over both ciphertexts: an answer that differed would be an oracle."""
    good = encrypted(shape.sign(shape.assertion(Facts())))
    starts = [good.index("<xenc:CipherValue>") + 18, good.rindex("<xenc:CipherValue>") + 18]
    for number, start in enumerate(starts):
        end = good.index("<", start)
        data = base64.b64decode(good[start:end])
        bits = sorted({*range(128), *range(128, len(data) * 8, 97), *range(len(data) * 8 - 128, len(data) * 8)})
        for bit in bits[:: 4 if number == 0 else 2]:
            changed = bytearray(data)
            changed[bit // 8] ^= 1 << bit % 8
            text = base64.b64encode(changed).decode()
            yield forged(f"bit {bit} of ciphertext {number}", shape.around(Facts(), good[:start] + text + good[end:]))
        for length in (0, 1, 11, 12, 13, 27, 28, 29, len(data) - 1):
            text = base64.b64encode(data[:length]).decode()
            yield forged(
                f"{length} bytes of ciphertext {number}", shape.around(Facts(), good[:start] + text + good[end:])
            )


def _made(shape: Shape, name: str, **changed: Any) -> Forgery:
    return forged(name, shape.around(Facts(), encrypted(shape.sign(shape.assertion(Facts())), **changed)))


ALL = (other_ciphers, other_parts, flipped)
