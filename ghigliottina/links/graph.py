"""The link graph: words as people type them, and the phrases between them."""
