"""Photographs: told by their content, bounded before they are decoded, stretched to a model's size."""
