"""The running process: channels, web server, schedule, composition root, command line, demo sandbox."""
