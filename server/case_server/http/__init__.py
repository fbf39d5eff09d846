"""MCP over HTTP: who is let in, how much is taken on, where it listens."""
