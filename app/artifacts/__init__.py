"""The artifact: the contract between training and serving."""
