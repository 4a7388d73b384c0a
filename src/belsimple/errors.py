"""The error that an operator reads: one line, what is wrong and what to do."""


class OperatorError(Exception):
    """Expected trouble at start-up or in a command.

    The command line prints ``str(error)`` on one line of standard error and exits with 1; it never shows a traceback.
    """

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(what, remedy)
        self.what = what
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.what.rstrip('.')}. {self.remedy}"
