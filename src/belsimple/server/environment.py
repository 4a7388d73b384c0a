"""The environment check: what can be wrong with this machine rather than with the database."""

from belsimple.database.catalogue import Finding
from belsimple.errors import OperatorError
from belsimple.server import tls
from belsimple.server.disk import require_space
from belsimple.server.settings import Settings

_ENOUGH = 256 << 20  # bytes: less, and a busy service fills the disk before somebody reads the next warning


def examine_environment(settings: Settings) -> list[Finding]:
    """The findings on the disk and on the certificate that is served."""
    findings: list[Finding] = []
    for check, examine in (
        ("disk", lambda: require_space(settings.data, _ENOUGH)),
        ("certificate", lambda: tls.refresh(settings)),
    ):
        try:
            _ = examine()
        except OperatorError as error:
            findings.append(Finding("fatal", check, str(error)))
    return findings
