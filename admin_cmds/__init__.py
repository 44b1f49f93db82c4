"""What staff do in the chat and in the shell: commands, screens, approvals. No channel is named here."""
