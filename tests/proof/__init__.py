"""The proof: a purchase survives SIGKILL at every commit and every request it makes."""
