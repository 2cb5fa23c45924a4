"""Text in and out: normalising and tokenizing, shared by training and serving."""
