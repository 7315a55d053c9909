"""Evidence: what a method reads, and how it gets it."""
