"""What is said: the graph, the business profile, prompts, tools, and the answers without a model."""
