"""Recordings and transcripts: decoding, voice activity, speech recognition, speakers."""
