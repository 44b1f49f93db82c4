"""What customers do in the chat: links, screens and flows. No channel is named here."""
