"""Rivals of the field, one readable file each: their source cited, every deviation commented at its line.

All read what CrossGate reads and answer as it does, so that they are trained and measured by the same code.
What a modality does not have at a turn is zeros, as in the authors' own code; none of them knows of missing
modalities.
"""
