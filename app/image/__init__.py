"""Images: told by content, bounded before they are decoded, stretched to a model's size."""
