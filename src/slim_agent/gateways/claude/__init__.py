"""Claude over HTTP. `probe` is light; `model` brings the whole client library, so only workers import it."""
