"""What several processes on the same results need of one another: whose turn it is, what is under way."""
