"""The version of this package: that of the last tag, and the commits since then, when it was installed.

What a clone has changed since is told by the commit that a record's provenance names.
"""

from importlib.metadata import PackageNotFoundError, version

try:
    VERSION = version("harness")
except PackageNotFoundError:  # run from its folder without an installation
    VERSION = "0+unknown"
