"""Scripts here run in the peers' own environments; pytest only reads the fixtures they wrote."""

collect_ignore_glob = ["*.py"]
