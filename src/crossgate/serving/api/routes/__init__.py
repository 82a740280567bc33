"""What is answered at which address; one file a kind of thing."""
