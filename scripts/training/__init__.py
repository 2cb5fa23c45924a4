"""From raw data to a verified artifact: one noun per module."""
