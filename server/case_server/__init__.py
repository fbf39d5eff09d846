"""The MCP server and the command line around `case_tools`."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("case-mcp")
except PackageNotFoundError:  # run from a checkout that was not installed
    __version__ = "0"

__all__ = ["__version__"]
