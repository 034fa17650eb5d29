"""The environment as one typed value: a field's name in capitals is its variable, its description the documentation."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr

MIN_SECRET_CHARS = 32
DEVELOPMENT_SECRET = "development-only-secret-of-32-characters"  # noqa: S105 - documented, and refused in production
REQUIRED_IN_PRODUCTION = (
    "CLAUDE_API_KEY",
    "SUPABASE_URL",
    "SUPABASE_SERVICE_KEY",
    "SUPABASE_ANON_KEY",
    "DATABASE_URL",
    "EVOLUTION_URL",
    "EVOLUTION_API_KEY",
    "REDIS_URL",
    "ENVIRONMENT",
    "SECRET_KEY",
    "WEBHOOK_SECRET",
)
LONG_SECRETS = ("SECRET_KEY", "WEBHOOK_SECRET")
SECRET_LISTS = ("ADMIN_TOKENS", "WEBHOOK_SECRET")


def _split(value: object) -> object:
    if isinstance(value, str):
        return tuple(part for part in (piece.strip() for piece in value.split(",")) if part)
    return value


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        msg = "must be a time zone such as America/Sao_Paulo"
        raise ValueError(msg) from None
    return name


Names = Annotated[tuple[str, ...], BeforeValidator(_split)]
Secrets = Annotated[tuple[SecretStr, ...], BeforeValidator(_split)]
Zone = Annotated[str, AfterValidator(_known_zone)]
Seconds = Annotated[float, Field(ge=0, le=86_400)]
Count = Annotated[int, Field(ge=0, le=1_000_000)]


class Settings(BaseModel):
    """What the environment says, validated. Secrets print as stars."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    environment: Literal["development", "test", "staging", "production"] = Field(
        "development", description="Where this runs; production requires every variable marked so."
    )
    host: str = Field("0.0.0.0", description="Address to listen on.")  # noqa: S104 - a container is reached from outside
    port: int = Field(8000, ge=0, le=65_535, description="Port to listen on; 0 picks a free one.")
    slim_agent_role: Literal["all", "web", "worker"] = Field("all", description="What this process does.")
    tz: Zone = Field("America/Sao_Paulo", description="Time zone of logs; the profile has the company's own.")
    log_level: Annotated[Literal["debug", "info", "warning", "error"], BeforeValidator(lambda v: str(v).lower())] = (
        Field("info", description="Least severe log line that is written.")
    )
    log_format: Literal["json", "console"] = Field("json", description="Log lines for machines or for eyes.")
    debug: bool = Field(default=False, description="Log at debug level whatever LOG_LEVEL says.")

    database_url: SecretStr = Field(
        SecretStr("postgresql://postgres@127.0.0.1:5432/postgres"),
        description="Postgres with pgvector (Supabase: Connect, session or transaction pooler).",
    )
    database_pool: int = Field(8, ge=2, le=100, description="Most Postgres connections of this process.")
    migrate_on_start: bool = Field(default=True, description="Whether serve migrates the database first, under a lock.")
    redis_url: SecretStr = Field(SecretStr("redis://127.0.0.1:6379/0"), description="Redis 7 or Valkey with AOF.")
    supabase_url: str = Field("http://127.0.0.1:54321", description="Supabase project, for sign-in and media.")
    supabase_anon_key: SecretStr = Field(SecretStr(""), description="Supabase key of browsers.")
    supabase_service_key: SecretStr = Field(SecretStr(""), description="Supabase key of servers.")

    claude_api_key: SecretStr = Field(
        SecretStr(""), description="Anthropic key; without one the agent answers offline."
    )
    claude_base_url: str = Field("https://api.anthropic.com", description="API base, for a gateway or a stand-in.")
    claude_model: str = Field("claude-sonnet-4-5", min_length=1, description="Model that answers customers.")
    claude_max_tokens: int = Field(1024, ge=64, le=8192, description="Longest model answer, in tokens.")
    claude_timeout_seconds: Seconds = Field(20, description="Longest wait for one model answer.")
    claude_max_calls: int = Field(5, ge=1, le=20, description="Most model calls of one turn, tool rounds included.")

    evolution_url: str = Field("http://127.0.0.1:8080", description="Base address of Evolution API.")
    evolution_api_key: SecretStr = Field(
        SecretStr("development-evolution-key"), description="Evolution's global or instance key."
    )
    evolution_instance: Names = Field((), description="Instance names, comma-separated; none accepts any instance.")
    evolution_timeout_seconds: Seconds = Field(75, description="Longest wait for Evolution to take one message.")

    secret_key: SecretStr = Field(SecretStr(DEVELOPMENT_SECRET), description="Signs sessions and links.")
    webhook_secret: Secrets = Field(
        (SecretStr(DEVELOPMENT_SECRET),), description="Webhook secrets, comma-separated: all verify, the first signs."
    )
    webhook_max_bytes: int = Field(
        8_388_608, ge=1024, le=134_217_728, description="Largest webhook body; a larger one gets 413."
    )
    admin_tokens: Secrets = Field((), description="Bearer tokens of the admin API, comma-separated.")
    metrics_token: SecretStr = Field(SecretStr(""), description="Bearer token of /metrics in production.")
    alert_urls: Secrets = Field((), description="Where alerts go, as apprise addresses, comma-separated.")

    business_profile: Path | None = Field(None, description="Folder of the business profile; none is the built-in one.")
    debounce_seconds: Seconds = Field(2, description="Quiet time that ends a burst of messages; 0 is off.")
    debounce_max_seconds: Seconds = Field(8, description="Longest a burst may hold a turn back.")
    lease_seconds: Seconds = Field(45, description="How long a worker owns a chat without renewing.")
    turn_timeout_seconds: Seconds = Field(30, description="Longest run of one turn.")
    turn_max_attempts: int = Field(3, ge=1, le=20, description="Tries of a turn before it becomes a dead letter.")
    turn_concurrency: int = Field(8, ge=1, le=200, description="Turns that one process runs at the same time.")
    history_messages: int = Field(20, ge=0, le=200, description="Past messages that the model sees.")
    sweep_seconds: Seconds = Field(5, description="Pause between looks for chats that nobody rang for.")
    shutdown_grace_seconds: Seconds = Field(6, description="Longest wait for running turns after SIGTERM.")
    pacing: bool = Field(default=True, description="Typing simulation between bubbles (on or off).")
    breaker_failures: int = Field(3, ge=1, le=100, description="Failures in a row that open a circuit breaker.")
    breaker_seconds: Seconds = Field(60, description="How long an open breaker leaves a dependency alone.")
    probe_seconds: Seconds = Field(3, description="Pause between background probes of each dependency.")
    probe_timeout_seconds: Seconds = Field(2, description="Longest wait for one probe.")
    simulator_url: str = Field("", description="Where /simulator leads; set by the demo, empty elsewhere.")


def parts(name: str, environ: Mapping[str, str]) -> list[str]:
    """Return the secrets that a variable holds: several where it is a list, none where it is empty or missing."""
    value = environ.get(name, "")
    pieces = value.split(",") if name in SECRET_LISTS else [value]
    return [piece.strip() for piece in pieces if piece.strip()]
