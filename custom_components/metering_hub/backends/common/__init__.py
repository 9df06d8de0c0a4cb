"""Code that backends share: requests, tokens, parsing, concurrency."""
