"""From a request to its response: HTTP, retries, rate limit, circuit breaker, access tokens."""
