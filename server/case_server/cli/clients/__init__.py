"""How each client's configuration names an MCP server, and the files that hold it."""

from case_server.cli.clients.shapes import CLIENTS, Client, ServerEntry, file_of

__all__ = ["CLIENTS", "Client", "ServerEntry", "file_of"]
