"""What we tell people without being asked, queued in the transaction that is its cause."""
