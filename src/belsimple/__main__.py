"""`python -m belsimple`: the same as the `belsimple` command, without relying on a script's interpreter line."""

from belsimple.cli import main

main()
