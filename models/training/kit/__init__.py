"""What every recipe and every figure needs, once. Names of organs, sizes and rules are the recipe's."""
