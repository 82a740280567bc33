"""Train and evaluate, many times or end to end; tables and figures."""
