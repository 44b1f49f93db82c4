"""What every area stands on: money, numbers people read, the clock, secrets, errors, events."""
