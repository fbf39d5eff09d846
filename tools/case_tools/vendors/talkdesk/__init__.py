"""Talkdesk Cases: one file for each tool, named after it."""

from case_tools.vendors.talkdesk.vendor import connect

__all__ = ["connect"]
