"""``python -m harness``: one run, or a sweep with ``-m``."""

import sys

from harness.cli.main import main

if __name__ == "__main__":
    sys.exit(main(["run", *sys.argv[1:]]))
