"""What the gateway sends out of the house."""
