"""How the database came to be what ``shop_core.tables`` says: one numbered file a change, in order."""
