"""What others have published: operation scores, figures to compare a report's with, and test errors."""
