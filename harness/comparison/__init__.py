"""Whether one method is ahead of another, from the records of both."""
