"""Utilities of the official package that older programs use: the environment as attributes, names as constants."""
