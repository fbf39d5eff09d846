"""What MCP clients see: tools, prompts, resources, and how outcomes are worded."""
