"""Talkdesk Cases: one file for each tool, named after it."""

from case_tools.talkdesk.vendor import connect

__all__ = ["connect"]
