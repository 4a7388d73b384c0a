"""Tools of this checkout; none of them is installed."""
