"""What a directory's request can have wrong with it (RFC 7644, table 9)."""

from belsimple.web.problems import Problem


class Fault(Problem):
    """400 with a scimType; ``detail`` says what, and quotes names of attributes only."""

    status, name = 400, "fault"


class InvalidFilter(Fault):
    """The filter is broken, names an attribute that is not known, or asks for too much."""

    name = "invalid-filter"


class InvalidPath(Fault):
    """The path of a PATCH operation is broken, or names an attribute that is not known."""

    name = "invalid-path"


class InvalidSyntax(Fault):
    """The body is not what this request takes."""

    name = "invalid-syntax"


class InvalidValue(Fault):
    """A value is missing, or not of its attribute's type."""

    name = "invalid-value"


class NoTarget(Fault):
    """A PATCH path selects nothing that could be changed."""

    name = "no-target"


class ReadOnly(Fault):
    """The attribute cannot be changed."""

    name = "mutability"


class TooMany(Fault):
    """The request asks for more than one may."""

    name = "too-many"
