"""Pages about money, for citizens."""
