"""The community's feature pickles: trained on under both protocols, and set beside what is published."""
