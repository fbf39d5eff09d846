"""Kore.ai AI for Service: one file for each tool, named after it."""

from case_tools.vendors.kore.vendor import connect

__all__ = ["connect"]
