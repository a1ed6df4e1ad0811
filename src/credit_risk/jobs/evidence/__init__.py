"""Evidence about a run's models: contributions, cut-offs, segments, stability, and the model document."""
