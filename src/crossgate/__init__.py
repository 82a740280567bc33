"""crossgate: the expressed emotion of every utterance of a conversation, from text, audio and video."""

__version__ = "0.1.0"
