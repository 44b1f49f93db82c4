"""Two lists of one day, theirs and ours, laid side by side: whatever differs is put before a person.

Knows no supplier and no gateway: whoever keeps a list of us is a ``Counterpart``.
"""
