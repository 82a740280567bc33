"""From utterances to (values, present) per modality."""
