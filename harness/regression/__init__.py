"""Fresh results beside golden ones: what moved."""
