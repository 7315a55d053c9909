"""What others have published: operation scores, and figures that a report compares its own with."""
