"""Decoding through FFmpeg: what a file holds, its sound on one clock, its pictures by time."""
