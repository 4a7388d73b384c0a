"""Every letter that the platform itself writes; what a letter is made of stands in belsimple/letter.py."""

from collections.abc import Mapping
from typing import Final

from belsimple.language import marked as _
from belsimple.letter import Action, ByValue, IfGiven, Letter, Link

_WHEN: Final = (_("When"), "at")
_FROM: Final = (_("IP address"), "address")
_BROWSER: Final = (_("Browser"), "agent")
_ONE_HOUR: Final = _("The link works once, within one hour.")
_SEVEN_DAYS: Final = _("The link works once, within seven days.")
_ONE_DAY: Final = _("The link works for 24 hours.")
_TELL_ADMIN: Final = _("If you did not expect this, tell an administrator of {tenant} at once.")
_NOT_YOU: Final = _(
    "If it was not you, change your password at once, look at your second factors, and tell an administrator of {tenant}."
)
_TELL_OPERATOR: Final = _("If you did not expect this, tell your colleagues who run the service at once.")

LETTERS: Final[Mapping[str, Letter]] = {
    "invitation": Letter(
        subject=_("Invitation to {tenant}"),
        before=(
            IfGiven(
                "inviter",
                _("{inviter} invites you to work in {tenant}."),
                _("You are invited to work in {tenant}."),
            ),
            _("With the link below you choose your password and make your account."),
        ),
        action=Action(_("Make my account"), "/invitation"),
        after=(_SEVEN_DAYS, _("If you do not expect an invitation, you need not do anything.")),
    ),
    "welcome": Letter(
        subject=_("Your account in {tenant} is ready"),
        before=(_("Your account in {tenant} is ready. You sign in with {recipient} and the password that you chose."),),
        after=(_TELL_ADMIN,),
    ),
    "deactivated": Letter(
        subject=_("Your account in {tenant} was deactivated"),
        before=(
            _("Your account in {tenant} was deactivated. All its sessions have ended, and it can no longer sign in."),
        ),
        after=(_("If you think that this is a mistake, ask an administrator of {tenant}."),),
    ),
    "reactivated": Letter(
        subject=_("Your account in {tenant} is active again"),
        before=(_("Your account in {tenant} is active again. You sign in with the password that you had."),),
        after=(_TELL_ADMIN,),
    ),
    "password_reset": Letter(
        subject=_("Choose a new password"),
        before=(_("A new password was requested for your account in {tenant}."),),
        action=Action(_("Choose a new password"), "/reset"),
        after=(_ONE_HOUR, _("If it was not you who asked, ignore this mail: your password stays as it is.")),
    ),
    "password_changed": Letter(
        subject=_("Your password was changed"),
        before=(_("The password of your account in {tenant} was changed. Sessions that were open have ended."),),
        details=(_WHEN,),
        after=(
            _("If it was not you, ask for a new password on the sign-in page and tell an administrator of {tenant}."),
        ),
    ),
    "email_change_old": Letter(
        subject=_("Confirm the change of your e-mail address"),
        before=(
            _("From now on, your account in {tenant} is to use the address {new_email} instead of this one."),
            _("The change happens once it is confirmed at both addresses."),
        ),
        action=Action(_("Confirm the change"), "/email-change"),
        after=(
            _ONE_DAY,
            _(
                "If it was not you who asked, do not confirm it, and change your password: somebody is using your account."
            ),
        ),
    ),
    "email_change_new": Letter(
        subject=_("Confirm your new e-mail address"),
        before=(
            _("An account in {tenant} is to use this address from now on."),
            _("The change happens once it is confirmed at both addresses."),
        ),
        action=Action(_("Confirm the change"), "/email-change"),
        after=(_ONE_DAY, _("If you know nothing of this, you need not do anything.")),
    ),
    "email_change_failed": Letter(
        subject=_("Your e-mail address was not changed"),
        before=(_("The address {new_email} cannot be used for your account in {tenant}. Nothing was changed."),),
        after=(_("If it was not you who asked for it, change your password: somebody is using your account."),),
    ),
    "email_changed": Letter(
        subject=_("Your e-mail address was changed"),
        before=(
            _("Your account in {tenant} now uses the address {new_email} instead of {old_email}."),
            _("All its sessions have ended. Sign in with the new address."),
        ),
        after=(_TELL_ADMIN,),
    ),
    "token_made": Letter(
        subject=_("A new API token"),
        before=(_("An API token was made for your account in {tenant}: {name}, beginning with {hint}."),),
        details=(_WHEN,),
        after=(_("If it was not you, end the token and change your password at once: that ends every token."),),
    ),
    "token_leaked": Letter(
        subject=_("An API token of yours was found in public"),
        before=(
            _(
                "The API token {name} of your account in {tenant}, beginning with {hint}, was reported as found in public."
            ),
            _("It was ended at once. Nobody can use it any more."),
        ),
        details=(_WHEN, (_("Found at"), "place")),
        after=(_("Make a new token for your program, and keep it where only the program can read it."),),
    ),
    "support_granted": Letter(
        subject=_("Support access to {tenant}"),
        before=(
            _("{by} let somebody of support into {tenant}: {operator} ({operator_email})."),
            ByValue(
                "extent",
                {
                    "reading": _("This person may look at everything that an owner sees, and change nothing."),
                    "writing": _(
                        "This person may look at everything that an owner sees, and change work such as dossiers."
                    ),
                },
            ),
        ),
        link=Link(_("See it or end it"), "/settings/support"),
        details=((_("Reason"), "reason"), (_("Until"), "until")),
        after=(_("What support does is in your audit trail. You can end it at any moment."),),
    ),
    "support_entered": Letter(
        subject=_("Support came into {tenant}"),
        before=(_("{operator} ({operator_email}) of support uses the access that was given and is in {tenant}."),),
        link=Link(_("See it or end it"), "/settings/support"),
        details=(_WHEN, (_("Reason"), "reason")),
    ),
    "operator_support": Letter(
        subject=_("{organisation} lets you in"),
        before=(_("{by} of {organisation} lets you in as support. You find the way in on your operator's pages."),),
        details=((_("Reason"), "reason"), (_("Until"), "until")),
        after=(_("Do no more there than the reason says. Everything you do is in their audit trail."),),
    ),
    "new_browser": Letter(
        subject=_("Sign-in from a new browser"),
        before=(_("Your account in {tenant} was signed in to from a browser that was not used before."),),
        details=(_WHEN, _FROM, _BROWSER),
        after=(
            _(
                "If it was you, you need not do anything. If not, change your password at once: that ends every session."
            ),
        ),
    ),
    "browser_confirmation": Letter(
        subject=_("Are you signing in?"),
        before=(
            _("Somebody is signing in to your account in {tenant} from a browser that was not used before."),
            _("Your password was given. If it is you, say so with the link below, and go on in that browser."),
        ),
        action=Action(_("Look at the sign-in"), "/sign-in/confirmation"),
        details=(_WHEN, _FROM, _BROWSER),
        after=(
            _("The link works for ten minutes. Nobody comes in unless you say yes."),
            _("If it is not you, say no, and change your password at once: somebody knows it."),
        ),
    ),
    "factor_added": Letter(
        subject=_("A second factor was added to your account"),
        before=(
            ByValue(
                "factor",
                {
                    "totp": _("An authenticator app was added to your account in {tenant}."),
                    "passkey": _("A passkey was added to your account in {tenant}."),
                    "recovery_code": _("New recovery codes were made for your account in {tenant}."),
                },
            ),
        ),
        details=(_WHEN,),
        after=(_NOT_YOU,),
    ),
    "factor_removed": Letter(
        subject=_("A second factor was removed from your account"),
        before=(
            ByValue(
                "factor",
                {
                    "totp": _("The authenticator app of your account in {tenant} was removed."),
                    "passkey": _("A passkey of your account in {tenant} was removed."),
                },
            ),
        ),
        details=(_WHEN,),
        after=(_NOT_YOU,),
    ),
    "recovery_code_used": Letter(
        subject=_("A recovery code was used"),
        before=(
            _("Somebody signed in to your account in {tenant} with your password and a recovery code."),
            _("Recovery codes that are left: {left}."),
        ),
        details=(_WHEN,),
        after=(_NOT_YOU,),
    ),
    "provider_linked": Letter(
        subject=_("Your account was linked to an identity provider"),
        before=(_("Your account in {tenant} was linked to {provider}: that one signs you in from now on."),),
        details=(_WHEN,),
        after=(_NOT_YOU,),
    ),
    "provider_unlinked": Letter(
        subject=_("A link with an identity provider was taken away"),
        before=(_("Your account in {tenant} is no longer linked to {provider}."),),
        details=(_WHEN,),
        after=(_NOT_YOU,),
    ),
    "break_glass_used": Letter(
        subject=_("The emergency owner has signed in"),
        before=(
            _("{email}, the owner for emergencies of {tenant}, signed in without your identity provider."),
            _("Every owner gets this mail each time."),
        ),
        details=(_WHEN, _FROM, _BROWSER),
        after=(
            _("If nobody of you knows why, end that session, change that password, and look at the trail at once."),
        ),
    ),
    "refused_sign_ins": Letter(
        subject=_("Refused sign-ins to your account"),
        before=(_("Signing in to your account in {tenant} was refused {count} times in a row."),),
        details=(_WHEN, _FROM),
        after=(
            _("If you mistyped your password, you need not do anything."),
            _("If it was not you, somebody may be guessing it. Use a long password that you use nowhere else."),
        ),
    ),
    "refusal_burst": Letter(
        subject=_("Many refused requests in {tenant}"),
        before=(
            _("{count} requests of {member} were refused within ten minutes: not permitted, or too many at once."),
        ),
        details=(_WHEN,),
        after=(
            _("This may be a program with wrong settings, or somebody who tries what the account may do."),
            _("The audit trail shows the requests. Deactivating the account ends all its sessions at once."),
        ),
    ),
    "operator_invitation": Letter(
        subject=_("Invitation to operate {service}"),
        before=(
            _("You are invited to operate the service at {url}, with the role {role}."),
            _("With the link below you choose your password and make your account."),
        ),
        action=Action(_("Make my account"), "/operator/invitation"),
        after=(_SEVEN_DAYS, _("If you do not expect an invitation, you need not do anything.")),
    ),
    "operator_reset": Letter(
        subject=_("Choose a new password"),
        before=(_("A new password was requested for your operator's account at {service}."),),
        action=Action(_("Choose a new password"), "/operator/reset"),
        after=(_ONE_HOUR, _("If it was not you who asked, ignore this mail: your password stays as it is.")),
    ),
    "operator_changed": Letter(
        subject=_("Your operator's account was changed"),
        before=(
            ByValue(
                "change",
                {
                    "password": _("The password of your operator's account at {service} was changed."),
                    "role": _("Your operator's account at {service} has another role now."),
                    "deactivated": _("Your operator's account at {service} was deactivated."),
                    "reactivated": _("Your operator's account at {service} is active again."),
                    "refused_sign_ins": _(
                        "Signing in to your operator's account at {service} was refused {times} times in a row."
                    ),
                },
            ),
        ),
        details=(_WHEN,),
        after=(_TELL_OPERATOR,),
    ),
    "sign_in_burst": Letter(
        subject=_("Many failed sign-ins from one network"),
        before=(_("{count} sign-ins from one network failed within ten minutes, at {service}."),),
        details=(_WHEN, (_("Network"), "network")),
        after=(_("The service slows such attempts down by itself. The operator's trail says more."),),
    ),
    "test": Letter(
        subject=_("Test mail from {service}"),
        before=(_("This mail shows that the service at {url} can send mail."),),
    ),
}
