"""Work that is done apart: the worker and its schedule."""
