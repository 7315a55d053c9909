"""The tables of a report; a task's own are in the module of its name."""
