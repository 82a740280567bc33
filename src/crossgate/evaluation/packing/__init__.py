"""From a finished run to a checkpoint that ships: calibrated, measured, with a card that says what it is."""
