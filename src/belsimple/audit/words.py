"""What people call the things in the trail. A word that nobody has named stands there as it is."""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from belsimple.language import PLATFORM
from belsimple.language import marked as _
from belsimple.modules import Module

ACTIONS: Final[Mapping[str, str]] = {
    "insert": _("Created"),
    "update": _("Changed"),
    "delete": _("Deleted"),
    "sign_in": _("Signed in"),
    "sign_in_refused": _("Sign-in refused"),
    "refused_sign_ins": _("Wrong passwords before a sign-in"),
    "new_browser": _("Signed in with a new browser"),
    "browser_confirmed": _("New browser confirmed by mail"),
    "browser_denied": _("New browser denied by mail"),
    "recovery_code_used": _("Recovery code used"),
    "break_glass_used": _("Emergency owner signed in without the provider"),
    "provider_logout": _("Signed out by the identity provider"),
    "last_owner_kept": _("The last owner was kept, whatever the rules say"),
    "password_refused": _("Wrong password given"),
    "code_refused": _("Wrong code given"),
    "passkey_refused": _("Passkey refused"),
    "passkey_renamed": _("Passkey renamed"),
    "password_reset": _("Password reset"),
    "reauthenticated": _("Confirmed who they are"),
    "refused": _("Request refused"),
    "refusal_burst": _("Many requests refused"),
    "downloaded": _("Downloaded"),
    "exported": _("Exported"),
    "enqueued": _("Job begun"),
    "support_entered": _("Support came in"),
    "support_left": _("Support left"),
    "token_leaked": _("Token reported as public, and ended"),
    "mail_sent": _("Mail sent"),
    "mail_given_up": _("Mail could not be delivered"),
    "factors_cleared": _("Second factors taken away"),
    "quota_changed": _("Space changed by the operator"),
}
OBJECTS: Final[Mapping[str, str]] = {
    "identity.tenant": _("Organisation"),
    "identity.account": _("Account"),
    "identity.invitation": _("Invitation"),
    "identity.session": _("Session"),
    "identity.api_token": _("API token"),
    "identity.support_grant": _("Support access"),
    "identity.support_session": _("Support access"),
    "identity.password": _("Password"),
    "identity.password_reset": _("Password reset"),
    "identity.email_change": _("Change of address"),
    "identity.policy": _("Rules for signing in"),
    "identity.totp": _("Authenticator app"),
    "identity.passkey": _("Passkey"),
    "identity.recovery_code": _("Recovery code"),
    "identity.provider": _("Identity provider"),
    "identity.provider_account": _("Link with an identity provider"),
    "identity.provider_rule": _("Rule for roles"),
    "identity.provider_setup": _("Setup link"),
    "identity.provider_key": _("Key for an identity provider"),
    "identity.domain": _("Domain"),
    "scim.connection": _("Provisioning connection"),
    "scim.token": _("Token of a provisioning connection"),
    "scim.person": _("User of a directory"),
    "scim.directory_group": _("Group of a directory"),
    "scim.membership": _("Member of a directory's group"),
    "access.role": _("Role"),
    "access.assignment": _("Role of a person"),
    "tenancy.setting": _("Setting of a module"),
    "files.file": _("File"),
    "files.usage": _("Space for documents"),
    "keys.tenant_key": _("Encryption key"),
    "audit.entry": _("Audit trail"),
    "mail.message": _("Mail"),
    "api.route": _("Address of the service"),
    "jobs.ticket": _("Job"),
}
SOURCES: Final[Mapping[str, str]] = {
    "operator": _("The operator"),
    "command": _("The operator, by a command"),
    "migration": _("An upgrade"),
    "sweep": _("The service, tidying up"),
    "mail": _("The service, sending mail"),
    "job": _("A job"),
    "session": _("Somebody"),
    "sign_in": _("Somebody signing in"),
    "invitation": _("Somebody invited"),
    "reset": _("Somebody with a link to reset a password"),
    "email_change": _("Somebody with a link to confirm an address"),
    "support": _("The operator's support, let in by an owner"),
    "token": _("A program with an API token"),
    "provider": _("An identity provider"),
    "scim": _("A directory"),
    "setup_link": _("Somebody with a setup link"),
    "leak_report": _("Somebody who found a token in public"),
}
"""Who acted, where it was no account."""


class Word(NamedTuple):
    """What something is called, and the package that translates it."""

    label: str
    package: str = PLATFORM


def actions(modules: Sequence[Module]) -> dict[str, Word]:
    """What can happen: what the platform tells, and the modules."""
    ours = {name: Word(label) for name, label in ACTIONS.items()}
    return ours | {name: Word(label, one.package) for one in modules for name, label in one.actions.items()}


def objects(modules: Sequence[Module]) -> dict[str, Word]:
    """The platform's kinds of objects and the modules'."""
    ours = {name: Word(label) for name, label in OBJECTS.items()}
    return ours | {name: Word(label, one.package) for one in modules for name, label in one.objects.items()}
