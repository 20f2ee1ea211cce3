"""Pure calculation of who fits whom: plain values in, plain values out."""
