"""The ways on which codes go out: SMS by a webhook of the owner's, letters by SMTP."""
