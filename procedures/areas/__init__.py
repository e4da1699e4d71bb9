"""Changes of borders and tiers: read from a file, tried out, ordered, and carried out on their day."""
