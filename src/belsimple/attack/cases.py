"""Every API case, in the order of its number."""

from belsimple.attack import cases_access, cases_guessing, cases_input, cases_sessions
from belsimple.attack.site import API_CASES, ApiCase

_MODULES = (cases_access, cases_input, cases_sessions, cases_guessing)  # importing them declares their cases


def api_cases() -> tuple[ApiCase, ...]:
    """All of them; guessing comes last, as it uses up what an address may try."""
    order = {module.__name__: place for place, module in enumerate(_MODULES)}
    return tuple(sorted(API_CASES, key=lambda case: order[case.attack.__module__]))
