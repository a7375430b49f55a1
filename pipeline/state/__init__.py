"""What processors know besides the event at hand: folds of the log, swapped in whole so that no reader sees half."""
