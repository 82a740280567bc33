"""The service: recordings, corrections and live conversations for a team, over HTTP and WebSocket."""
