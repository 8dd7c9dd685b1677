"""Small convolutional networks for 28×28 digits: their layers and their command line."""
