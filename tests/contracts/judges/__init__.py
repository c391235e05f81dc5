"""Programs of others that judge our API documents, and how the tests get them."""
