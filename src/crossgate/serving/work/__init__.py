"""The work of the service: claimed in the database, done by processes of their own, watched, tidied up."""
