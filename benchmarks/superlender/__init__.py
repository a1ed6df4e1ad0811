"""SuperLender repeat instant loans: contracts, features, outcome; the data stays outside the repository."""
