"""Whether a model's map shows what it answers by."""
