"""Forms: one question at a time, with a way back, a preview before anything is done, and a way to undo it after."""
