"""What Zero-Cost-PT's results hang on: records that differ from a baseline in one setting."""
