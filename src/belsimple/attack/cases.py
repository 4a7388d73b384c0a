"""Every API case, in the order of its number."""

from belsimple.attack import (
    cases_access,
    cases_browsers,
    cases_codes,
    cases_files,
    cases_forgeries,
    cases_guessing,
    cases_input,
    cases_links,
    cases_operators,
    cases_pages,
    cases_passkeys,
    cases_providers,
    cases_provisioning,
    cases_saml,
    cases_sessions,
    cases_sign_ins,
    cases_support,
    cases_tokens,
)
from belsimple.attack.site import API_CASES, ApiCase

_MODULES = (
    cases_access,
    cases_input,
    cases_browsers,
    cases_sessions,
    cases_tokens,
    cases_support,
    cases_links,
    cases_sign_ins,
    cases_passkeys,
    cases_providers,
    cases_saml,
    cases_provisioning,
    cases_forgeries,
    cases_files,
    cases_operators,
    cases_pages,
    cases_codes,
    cases_guessing,
)  # importing them declares their cases


def api_cases() -> tuple[ApiCase, ...]:
    """All of them; guessing comes last, as it uses up what an address may try."""
    order = {module.__name__: place for place, module in enumerate(_MODULES)}
    return tuple(sorted(API_CASES, key=lambda case: order[case.attack.__module__]))
