"""What a WhatsApp message says: its kind and the words that the agent reads."""

from collections.abc import Callable
from dataclasses import dataclass, field

from slim_agent.inbox.envelope import Fields, fields
from slim_agent.inbox.payloads import MAX_TEXT_CHARS, parse
from slim_agent.inbox.scalars import number
from slim_agent.vocabulary.message import Kind

MAX_WRAPPERS = 8
"""Messages come wrapped in messages (ephemeral, view once, …), never nearly this deep."""

UNREADABLE_TEXT = "[mensagem de um tipo que não é possível ler aqui]"
EDIT = "edit"
REACTION = "reaction"
EMPTY = "empty_content"
PROTOCOL = "protocol_message"


@dataclass(frozen=True, slots=True)
class Content:
    """What one message holds.

    `reason` is empty for words to the agent; else it says why they are none: an edit or a reaction (to the message
    `about`), or something without words. `context` is WhatsApp's own: the quote, the advertisement.
    """

    kind: Kind
    text: str
    reason: str = ""
    about: str | None = None
    context: Fields = field(default_factory=dict)


_Reader = Callable[[Fields], tuple[Kind, str]]


def describe(message: object, depth: int = 0) -> Content:
    """Return what a `message` object says, through any wrappers.

    Content of a kind nobody has seen is ``unknown`` with a text that says so: the customer is not left unanswered.
    """
    if isinstance(message, str):
        message = {"conversation": message}
    if not isinstance(message, dict):
        return Content(Kind.UNKNOWN, UNREADABLE_TEXT) if message else _silent(EMPTY)
    found = _silent(EMPTY)
    for name, value in message.items():
        if name in _SILENT:
            content = _silent(_SILENT[name])
        elif value:
            content = _read(name, value, message, depth)
        else:
            continue
        if content.reason in ("", EDIT, REACTION) and content.kind is not Kind.UNKNOWN:
            return content
        if found.reason == EMPTY or (found.reason and not content.reason):
            found = content
    return found


def _read(name: str, value: object, message: Fields, depth: int) -> Content:
    """Return what one field of a `message` object says."""
    inner = fields(value)
    if name == "reactionMessage":
        emoji = inner.get("text")
        return Content(Kind.REACTION, emoji if isinstance(emoji, str) else "", REACTION, _id(inner))
    if name == "protocolMessage":
        return describe_protocol(inner, depth)
    if name == "conversation" and isinstance(value, str):
        kind, text = Kind.TEXT, value
    elif name in _READERS:
        kind, text = _READERS[name](inner)
        if kind is Kind.AUDIO:
            text = _first(message, "speechToText").removeprefix("[audio]").strip() or text
    elif depth < MAX_WRAPPERS and isinstance(inner.get("message"), dict):
        return describe(inner["message"], depth + 1)
    else:
        return Content(Kind.UNKNOWN, UNREADABLE_TEXT)
    if not text.strip():
        return _silent(EMPTY)
    return Content(kind, text[:MAX_TEXT_CHARS], context=fields(inner.get("contextInfo")))


def describe_protocol(protocol: Fields, depth: int = 0) -> Content:
    """Return the edit in a protocol message; every other kind, some hold session keys, only has its reason."""
    if protocol.get("type") not in ("MESSAGE_EDIT", 14, "14") or depth > MAX_WRAPPERS:
        return _silent(PROTOCOL)
    edited = describe(protocol.get("editedMessage"), depth + 1)
    return Content(edited.kind, edited.text, EDIT, _id(protocol)) if edited.reason in ("", EDIT) else edited


def describe_vote(updates: object) -> Content:
    """Return the options that a customer chose, from Evolution's count of a poll (`pollUpdates`)."""
    options = [fields(option) for option in updates] if isinstance(updates, list) else []
    chosen = [str(option.get("name")) for option in options if option.get("voters")]
    if not options:
        return Content(Kind.POLL, "[voto em enquete]")
    return Content(Kind.POLL, ", ".join(chosen)[:MAX_TEXT_CHARS] or "[retirou o voto da enquete]")


def _silent(reason: str) -> Content:
    return Content(Kind.UNKNOWN, "", reason)


def _id(holder: Fields) -> str | None:
    about = fields(holder.get("key")).get("id")
    return about if isinstance(about, str) and about else None


def _first(holder: Fields, *names: str) -> str:
    """Return the first of these fields that has words."""
    return next((value for name in names if isinstance(value := holder.get(name), str) and value.strip()), "")


def _captioned(kind: Kind, description: str) -> _Reader:
    return lambda media: (kind, _first(media, "caption") or f"[{description}]")


def _titled(kind: Kind, description: str, *names: str) -> _Reader:
    def read(holder: Fields) -> tuple[Kind, str]:
        title = _first(holder, *names)
        return kind, f"[{description}: {title}]" if title else f"[{description}]"

    return read


def _worded(kind: Kind, *names: str) -> _Reader:
    return lambda holder: (kind, _first(holder, *names) or UNREADABLE_TEXT)


def _audio(audio: Fields) -> tuple[Kind, str]:
    seconds = number(audio.get("seconds")) or 0
    return Kind.AUDIO, f"[áudio de {seconds:.0f} s]" if seconds >= 1 else "[áudio]"


def _document(document: Fields) -> tuple[Kind, str]:
    name = _first(document, "fileName", "title")
    return Kind.DOCUMENT, _first(document, "caption") or (f"[documento: {name}]" if name else "[documento]")


def _location(location: Fields) -> tuple[Kind, str]:
    place = [text for name in ("name", "address", "caption") if (text := _first(location, name))]
    latitude, longitude = number(location.get("degreesLatitude")), number(location.get("degreesLongitude"))
    if latitude is not None and longitude is not None:
        place.append(f"{latitude:.6f}, {longitude:.6f}")
    return Kind.LOCATION, f"[localização: {'; '.join(place)}]" if place else "[localização]"


def _contacts(holder: Fields) -> tuple[Kind, str]:
    listed = holder.get("contacts")
    names = [_first(fields(one), "displayName") for one in listed] if isinstance(listed, list) else []
    who = ", ".join(filter(None, names)) or _first(holder, "displayName")
    return Kind.CONTACT, f"[contato: {who}]" if who else "[contato]"


def _row(response: Fields) -> tuple[Kind, str]:
    row = _first(fields(response.get("singleSelectReply")), "selectedRowId")
    return Kind.CHOICE, _first(response, "title") or row or _first(response, "description") or "[escolha]"


def _interactive(response: Fields) -> tuple[Kind, str]:
    words = _first(fields(response.get("body")), "text")
    if not words:
        chosen = _first(fields(response.get("nativeFlowResponseMessage")), "paramsJson")
        try:
            words = _first(fields(parse(chosen.encode())), "display_text", "title", "id")
        except ValueError:
            words = ""
    return Kind.CHOICE, words or "[escolha]"


def _poll(poll: Fields) -> tuple[Kind, str]:
    listed = poll.get("options")
    options = [_first(fields(option), "optionName") for option in listed] if isinstance(listed, list) else []
    question = " ".join(filter(None, [_first(poll, "name"), "/".join(filter(None, options))]))
    return Kind.POLL, f"[enquete: {question}]" if question else "[enquete]"


def _body(holder: Fields) -> tuple[Kind, str]:
    hydrated = fields(holder.get("hydratedTemplate")) or fields(holder.get("hydratedFourRowTemplate"))
    words = _first(holder, "contentText", "description", "title") or _first(fields(holder.get("body")), "text")
    return Kind.TEXT, words or _first(hydrated, "hydratedContentText", "hydratedTitleText") or UNREADABLE_TEXT


def _product(holder: Fields) -> tuple[Kind, str]:
    return _titled(Kind.UNKNOWN, "produto do catálogo", "title")(fields(holder.get("product")))


_READERS: dict[str, _Reader] = {
    "extendedTextMessage": _worded(Kind.TEXT, "text"),
    "imageMessage": _captioned(Kind.IMAGE, "imagem"),
    "videoMessage": _captioned(Kind.VIDEO, "vídeo"),
    "ptvMessage": _captioned(Kind.VIDEO, "vídeo"),
    "audioMessage": _audio,
    "documentMessage": _document,
    "stickerMessage": lambda _: (Kind.STICKER, "[figurinha]"),
    "lottieStickerMessage": lambda _: (Kind.STICKER, "[figurinha]"),
    "stickerPackMessage": _titled(Kind.STICKER, "pacote de figurinhas", "name"),
    "locationMessage": _location,
    "liveLocationMessage": _location,
    "contactMessage": _contacts,
    "contactsArrayMessage": _contacts,
    "buttonsResponseMessage": _worded(Kind.CHOICE, "selectedDisplayText", "selectedButtonId"),
    "templateButtonReplyMessage": _worded(Kind.CHOICE, "selectedDisplayText", "selectedId"),
    "listResponseMessage": _row,
    "interactiveResponseMessage": _interactive,
    "pollCreationMessage": _poll,
    "pollCreationMessageV2": _poll,
    "pollCreationMessageV3": _poll,
    "pollCreationMessageV5": _poll,
    "pollUpdateMessage": lambda _: (Kind.POLL, "[voto em enquete]"),
    "buttonsMessage": _body,
    "listMessage": _body,
    "templateMessage": _body,
    "interactiveMessage": _body,
    "productMessage": _product,
    "orderMessage": _titled(Kind.UNKNOWN, "pedido do catálogo", "orderTitle", "message"),
    "groupInviteMessage": _titled(Kind.UNKNOWN, "convite para grupo", "groupName"),
    "eventMessage": _titled(Kind.UNKNOWN, "evento", "name"),
}

_SILENT = {
    **dict.fromkeys(("messageContextInfo", "base64", "mediaUrl", "speechToText"), EMPTY),
    **dict.fromkeys(("senderKeyDistributionMessage", "fastRatchetKeySenderKeyDistributionMessage"), EMPTY),
    "secretEncryptedMessage": "encrypted_edit",
    "encReactionMessage": "encrypted_reaction",
    "encCommentMessage": "encrypted_comment",
    "pinInChatMessage": "pin",
    "keepInChatMessage": "keep_in_chat",
    "albumMessage": "album_header",
    "placeholderMessage": "placeholder",
    "stickerSyncRmrMessage": PROTOCOL,
    "messageHistoryBundle": "history_sync",
    "messageHistoryNotice": "history_sync",
    "call": "call",
    "callLogMesssage": "call",
}
