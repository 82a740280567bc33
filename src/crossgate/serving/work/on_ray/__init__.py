"""Workers on whatever machine of a Ray cluster has room for them."""
