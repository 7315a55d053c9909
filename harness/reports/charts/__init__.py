"""The charts of a report, before they are drawn."""
