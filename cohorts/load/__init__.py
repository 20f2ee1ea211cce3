"""Load data: an academy of any size, written in bulk, to see how everything answers when it is full."""
