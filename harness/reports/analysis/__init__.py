"""From records to the numbers of a report: checked, grouped, beside the truth and published figures."""
