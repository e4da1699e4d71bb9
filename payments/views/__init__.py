"""Pages of citizens and collecting agents."""
