"""The promises of the paper's abstract, measured: redundancy, contributions, robustness, and more."""
