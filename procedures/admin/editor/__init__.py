"""The catalogue editor: a draft's page, a form for each of its parts, preview, publishing, TOML."""
