"""Codes of authenticator apps (RFC 6238): six digits of thirty seconds, under a secret of 160 bits, as every app takes them."""

import hmac
import os
import time
from base64 import b32encode
from typing import Final

import segno
from markupsafe import Markup
from pyotp.totp import TOTP

SECRET_BYTES: Final = 20
STEP_SECONDS: Final = 30
_DIGITS: Final = 6
_SKEW: Final = 1
"""Steps before and after the present one that are taken, for clocks that differ (RFC 6238, 5.2)."""


def new_secret() -> bytes:
    """A secret at random."""
    return os.urandom(SECRET_BYTES)


def text_of(secret: bytes) -> str:
    """As it is typed into an app that cannot read the picture."""
    return b32encode(secret).decode("ascii")


def address_of(secret: bytes, *, service: str, tenant: str, email: str) -> str:
    """The otpauth address that apps read."""
    return TOTP(text_of(secret)).provisioning_uri(name=f"{email} ({tenant})", issuer_name=service)


def picture_of(address: str) -> Markup:
    """The address as a QR code, dark on light in every colour scheme: markup without a style, which our policy would refuse."""
    made = segno.make(address, error="m", micro=False)
    return Markup(made.svg_inline(scale=5, border=4, light="#fff", svgclass="qr", lineclass=None))  # noqa: S704 - of segno's own numbers


def step_of(secret: bytes, code: str, *, after: int, now: float | None = None) -> int | None:
    """The time step whose code this is, newer than `after`; None for a wrong or a used one."""
    typed = "".join(code.split())
    present = int((time.time() if now is None else now) // STEP_SECONDS)
    generator = TOTP(text_of(secret))
    for step in range(present - _SKEW, present + _SKEW + 1):
        if step > after and hmac.compare_digest(generator.generate_otp(step).encode(), typed.encode()):
            return step
    return None
