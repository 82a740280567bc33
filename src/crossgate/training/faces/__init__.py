"""Training of the face-expression network on the annotators' votes of FER+."""
