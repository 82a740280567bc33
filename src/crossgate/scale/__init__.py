"""The same work on Ray, on as many machines as there are."""
