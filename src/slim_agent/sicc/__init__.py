"""What the company knows, and who checks it (Sistema de Inteligência Corporativa Contínua)."""
