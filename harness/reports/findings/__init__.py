"""What a report says first: what was asked, what was found, and what to run next."""
