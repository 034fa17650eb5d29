"""Environments for tests of settings and commands."""

PRODUCTION = {
    "CLAUDE_API_KEY": "sk-ant-api03-canary",
    "SUPABASE_URL": "https://shop.supabase.co",
    "SUPABASE_SERVICE_KEY": "canary-service",
    "SUPABASE_ANON_KEY": "canary-anon",
    "DATABASE_URL": "postgresql://shop:canary@db.example.com:5432/shop?sslmode=require",
    "EVOLUTION_URL": "https://evolution.example.com",
    "EVOLUTION_API_KEY": "canary-evolution",
    "EVOLUTION_INSTANCE": "Slim Quality",
    "REDIS_URL": "rediss://:canary@redis.example.com:6379/0",
    "ENVIRONMENT": "production",
    "SECRET_KEY": "canary-0123456789-of-enough-characters",
    "WEBHOOK_SECRET": "canary-abcdefghij-of-enough-characters",
}


def production(**changes: str | None) -> dict[str, str]:
    """Return a good production environment with changes; None takes a variable away."""
    changed: dict[str, str | None] = {**PRODUCTION, **changes}
    return {name: value for name, value in changed.items() if value is not None}
