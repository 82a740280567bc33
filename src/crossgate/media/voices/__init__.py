"""What a recording's sound says without a transcript: where somebody speaks, what is said, and who speaks.

Everything here takes mono sound at 16 kHz, as blocks or as utterances, and keeps one of them at a time; only
pyannote wants the whole recording.
"""
