"""`case-mcp audit verify`: whether an audit holds all its lines as they were written."""

from pathlib import Path

from case_server.audit_file import faults_of, kept_files
from case_tools.errors import ConfigurationError


def verify(name: str) -> int:
    """Print each line that was taken out, changed or swapped; return the exit status.

    Raises:
        ConfigurationError: a file cannot be read.
    """
    path = Path(name).expanduser()
    try:
        faults = [*faults_of(path)]
        files = kept_files(path)
    except OSError as error:
        raise ConfigurationError(
            f"The audit {path} cannot be read: {error.strerror}.",
            next_step="Name the file of CASE_MCP_AUDIT_FILE.",
        ) from None
    for fault in faults:
        print(fault)  # noqa: T201 - the command's answer
    if not faults:
        print(f"{len(files)} {'file' if len(files) == 1 else 'files'}: every line is as it was written.")  # noqa: T201
    return 1 if faults else 0
