"""Results: what they hold, how they are summed up, and the files and pages they become."""
