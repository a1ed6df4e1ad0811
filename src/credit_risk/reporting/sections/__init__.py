"""The sections of the report, each a function from the content to blocks: what is said, in which order, in which words."""
