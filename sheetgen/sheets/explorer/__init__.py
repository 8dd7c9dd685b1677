"""The sheet `Explorer`: one moment of the training, from the inputs to a new weight."""
