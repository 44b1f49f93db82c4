"""The database: how a transaction runs, and the tables that keep work from being lost (outbox, inbox, lanes, leases)."""
