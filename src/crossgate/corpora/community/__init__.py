"""The community's feature pickles, read without running what a stranger wrote."""

from crossgate.corpora.community.importing import import_community, read_community

__all__ = ["import_community", "read_community"]
