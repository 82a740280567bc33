"""Conversations as they happen, over a WebSocket: each turn is answered before the next is known."""
