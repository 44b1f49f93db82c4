"""What a variant costs that follows its supplier: a rule over the landed cost, rounded up."""
