"""What others see over HTTP: webhooks, health, metrics, documentation."""
