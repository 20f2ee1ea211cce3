"""The demo academy: made through actions under a travelling clock, so that nothing in it can lie."""
