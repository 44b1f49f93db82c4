"""That a phone number or an e-mail address is somebody's own: when it is asked for, and how he shows it."""
