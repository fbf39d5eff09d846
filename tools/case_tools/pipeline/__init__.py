"""One call from arguments to result, the same for every vendor."""
