"""The shell commands, one module each; ``bot.cli`` lists them and imports the one that is called."""
