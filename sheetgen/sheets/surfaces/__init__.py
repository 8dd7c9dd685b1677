"""`Decision surface`, `Fitted curve` and `Error surface`: a network over a grid of points."""
