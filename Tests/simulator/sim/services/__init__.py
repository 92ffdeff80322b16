"""One module per simulated service."""
