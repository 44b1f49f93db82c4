"""Double-entry books: every change of money is one balanced entry, never changed, only reversed."""
