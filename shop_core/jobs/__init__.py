"""What the schedule did, for those who look after it, and what they want done now."""
