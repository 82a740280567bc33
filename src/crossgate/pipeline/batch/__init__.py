"""Many recordings: found, analysed side by side, written down so that an interrupted batch goes on."""
