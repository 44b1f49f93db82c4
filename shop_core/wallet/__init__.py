"""A customer's balance: a means of payment inside the transaction, not a gateway."""
