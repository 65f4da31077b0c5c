"""What older programs reach into: the environment as attributes, names as constants."""
