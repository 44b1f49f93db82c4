"""Money in: payments we asked for, receipts of what really came, suspense. Knows no orders."""
