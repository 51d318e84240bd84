"""``python -m workshop COMMAND ARGUMENT…``: what the scripts in ``dev/`` run, once dev/env.sh has found a Python for them."""

import sys

from workshop import commands
from workshop.environment import end_by_signals
from workshop.host import Failure, say


def main():
    name, *arguments = sys.argv[1:]
    sys.argv = [f"dev/{name}", *arguments]  # which parsers look at
    end_by_signals()
    try:
        return getattr(commands, name.replace("-", "_"))(*arguments)
    except Failure as failure:
        say(f"Error: {failure}")
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
