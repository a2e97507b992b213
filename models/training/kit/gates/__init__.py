"""What keeps images that a model was not made for from being answered, and how it is measured."""
