"""The report as a page, as text, as LaTeX, on a terminal, and its charts as pictures."""
