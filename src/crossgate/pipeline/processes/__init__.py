"""Processes that work for another one: begun, watched, ended, whatever befalls them."""
