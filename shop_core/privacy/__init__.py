"""What a person may ask of us about himself: everything that we hold of him, in one file."""
