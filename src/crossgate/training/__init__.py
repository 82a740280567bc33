"""The loop, its batches, checkpoints and folds."""
