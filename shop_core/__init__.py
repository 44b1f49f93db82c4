"""The shop itself: areas named after what a shop has, verbs inside. Knows no channel, no web server, no process."""
