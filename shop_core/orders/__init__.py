"""The contract with the buyer. Leads payment and delivery through one transaction where it can."""
