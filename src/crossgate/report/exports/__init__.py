"""A result in other programs' formats, one file a format; each offers `write_<format>(result, path)`."""
