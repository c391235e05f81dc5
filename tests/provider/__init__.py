"""An OpenID provider for tests."""
