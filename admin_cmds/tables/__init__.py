"""The declarations of all commands, a table for each part of the counter. ``admin_cmds.registry`` puts them together."""
