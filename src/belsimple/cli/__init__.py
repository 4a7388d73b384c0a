"""The `belsimple` command. One file for each noun; they are imported when they are used."""

import errno
import os
import sys
from typing import NoReturn

from cyclopts import App

from belsimple import __version__
from belsimple.errors import OperatorError

app = App(
    name="belsimple",
    help="A multi-tenant application server. Settings are environment variables, all beginning with BELSIMPLE_.",
    version=__version__,
)
app.command("belsimple.cli.up:up", name="up")
app.command("belsimple.cli.serve:serve", name="serve")
app.command("belsimple.cli.migrate:migrate", name="migrate")
app.command("belsimple.cli.doctor:doctor", name="doctor")
app.command("belsimple.cli.database:app", name="database")
app.command("belsimple.cli.tenant:app", name="tenant")
app.command("belsimple.cli.openapi:openapi", name="openapi")
app.command("belsimple.cli.attack:attack", name="attack")

_FULL = (errno.ENOSPC, errno.EDQUOT)


def main() -> None:
    """Run the command line; expected trouble is one line on standard error and exit code 1."""
    try:
        app()
    except OperatorError as error:
        _give_up(str(error))
    except KeyboardInterrupt:
        raise SystemExit(130) from None
    except BrokenPipeError:  # whoever reads our output, such as `head`, has had enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(1) from None
    except OSError as error:
        if error.errno not in _FULL:
            raise
        _give_up(f"The disk that holds {error.filename or 'the data'} is full. Free some space; nothing was lost.")


def _give_up(line: str) -> NoReturn:
    print("belsimple:", " ".join(line.split()), file=sys.stderr)
    raise SystemExit(1)
