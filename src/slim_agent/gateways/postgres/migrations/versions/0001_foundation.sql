-- The tables of a message's life: inbox → turns → outbox, and who is talking.

CREATE TABLE slim_agent.contacts (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name       text,
    created_at timestamptz NOT NULL DEFAULT now()
);

-- A person is reached by phone number and by LID; `key` is the form under which both spellings meet.
CREATE TABLE slim_agent.addresses (
    key        text PRIMARY KEY,
    contact_id bigint NOT NULL REFERENCES slim_agent.contacts,
    learned_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX addresses_of_contact ON slim_agent.addresses (contact_id);

CREATE TABLE slim_agent.chats (
    id               bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    instance         text NOT NULL,
    contact_id       bigint NOT NULL REFERENCES slim_agent.contacts,
    jid              text NOT NULL,
    ball             text NOT NULL DEFAULT 'agent' CHECK (ball IN ('agent', 'person')),
    ball_reason      text,
    ball_since       timestamptz NOT NULL DEFAULT now(),
    first_inbound_at timestamptz,
    lease_owner      text,
    lease_fence      bigint NOT NULL DEFAULT 0,
    lease_until      timestamptz,
    merged_into      bigint REFERENCES slim_agent.chats,
    created_at       timestamptz NOT NULL DEFAULT now(),
    UNIQUE (instance, contact_id)
);

CREATE TABLE slim_agent.turns (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    chat_id     bigint NOT NULL REFERENCES slim_agent.chats,
    status      text NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'finished', 'dead')),
    attempts    integer NOT NULL DEFAULT 0,
    not_before  timestamptz NOT NULL DEFAULT now(),
    outcome     text,
    detail      jsonb NOT NULL DEFAULT '{}',
    error       text,
    created_at  timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz
);
CREATE UNIQUE INDEX turns_one_open_of_chat ON slim_agent.turns (chat_id) WHERE status = 'open';
CREATE INDEX turns_of_chat ON slim_agent.turns (chat_id, id);

CREATE TABLE slim_agent.inbox (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    received_at timestamptz NOT NULL DEFAULT now(),
    disposition text NOT NULL CHECK (disposition IN ('turn', 'update', 'ignored')),
    reason      text NOT NULL,
    event       text NOT NULL,
    instance    text NOT NULL,
    chat_id     bigint REFERENCES slim_agent.chats,
    turn_id     bigint REFERENCES slim_agent.turns,
    jid         text,
    message_id  text,
    from_me     boolean,
    kind        text,
    text        text,
    sent_at     timestamptz,
    about       text,
    status      text,
    payload     jsonb,
    CONSTRAINT turn_needs_chat CHECK (disposition <> 'turn' OR chat_id IS NOT NULL)
);
-- A message is stored once, whichever address of the same person it names.
CREATE UNIQUE INDEX inbox_once_in_chat ON slim_agent.inbox (chat_id, message_id, from_me)
    WHERE chat_id IS NOT NULL AND message_id IS NOT NULL;
CREATE UNIQUE INDEX inbox_once_elsewhere ON slim_agent.inbox (instance, jid, message_id, from_me)
    WHERE chat_id IS NULL AND message_id IS NOT NULL;
CREATE INDEX inbox_unread ON slim_agent.inbox (chat_id, id) WHERE disposition = 'turn' AND turn_id IS NULL;
CREATE INDEX inbox_of_chat ON slim_agent.inbox (chat_id, id);
CREATE INDEX chats_of_contact ON slim_agent.chats (contact_id);
CREATE INDEX inbox_of_turn ON slim_agent.inbox (turn_id) WHERE turn_id IS NOT NULL;
CREATE INDEX inbox_about ON slim_agent.inbox (about) WHERE about IS NOT NULL;

CREATE TABLE slim_agent.outbox (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    chat_id     bigint NOT NULL REFERENCES slim_agent.chats,
    turn_id     bigint REFERENCES slim_agent.turns,
    part        integer NOT NULL,
    instance    text NOT NULL,
    jid         text NOT NULL,
    author      text NOT NULL DEFAULT 'agent' CHECK (author IN ('agent', 'person')),
    text        text NOT NULL,
    status      text NOT NULL DEFAULT 'queued'
                CHECK (status IN ('queued', 'sending', 'unknown', 'sent', 'failed', 'parked', 'cancelled')),
    attempts    integer NOT NULL DEFAULT 0,
    not_before  timestamptz NOT NULL DEFAULT now(),
    wa_id       text,
    receipt     text,
    error       text,
    created_at  timestamptz NOT NULL DEFAULT now(),
    sending_at  timestamptz,
    sent_at     timestamptz,
    receipt_at  timestamptz,
    UNIQUE (turn_id, part)
);
CREATE INDEX outbox_owed ON slim_agent.outbox (chat_id, id) WHERE status IN ('queued', 'sending', 'unknown');
CREATE INDEX outbox_of_chat ON slim_agent.outbox (chat_id, id);
CREATE INDEX outbox_wa_id ON slim_agent.outbox (wa_id) WHERE wa_id IS NOT NULL;

-- Model answers already paid for: a turn that runs again reads them instead of asking again.
CREATE TABLE slim_agent.model_answers (
    turn_id    bigint NOT NULL REFERENCES slim_agent.turns ON DELETE CASCADE,
    key        text NOT NULL,
    answer     jsonb NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (turn_id, key)
);

CREATE TABLE slim_agent.quarantine (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    received_at timestamptz NOT NULL DEFAULT now(),
    reason      text NOT NULL,
    event       text NOT NULL,
    instance    text NOT NULL,
    body        bytea NOT NULL
);

CREATE TABLE slim_agent.dead_letters (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    turn_id    bigint NOT NULL REFERENCES slim_agent.turns,
    chat_id    bigint NOT NULL REFERENCES slim_agent.chats,
    reason     text NOT NULL,
    attempts   integer NOT NULL,
    input      jsonb NOT NULL,
    status     text NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'replayed', 'discarded')),
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE slim_agent.audit (
    id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at      timestamptz NOT NULL DEFAULT now(),
    actor   text NOT NULL,
    action  text NOT NULL,
    subject text NOT NULL,
    detail  jsonb NOT NULL DEFAULT '{}'
);

-- WhatsApp's words for how far a message came, in their order; an error counts only before delivery.
CREATE FUNCTION slim_agent.receipt_rank(receipt text) RETURNS integer LANGUAGE sql IMMUTABLE AS $$
    SELECT coalesce(array_position(
        ARRAY ['PENDING', 'SERVER_ACK', 'ERROR', 'DELIVERY_ACK', 'READ', 'PLAYED'], receipt), 0)
$$;

-- Two contacts turn out to be one person (a LID and a phone number meet): the older one stays.
CREATE FUNCTION slim_agent.merge_contacts(kept bigint, dropped bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    pair record;
BEGIN
    UPDATE slim_agent.addresses SET contact_id = kept WHERE contact_id = dropped;
    UPDATE slim_agent.chats moved SET contact_id = kept
     WHERE moved.contact_id = dropped
       AND NOT EXISTS (SELECT FROM slim_agent.chats stays
                        WHERE stays.contact_id = kept AND stays.instance = moved.instance);
    FOR pair IN
        SELECT gone.id AS gone, stays.id AS stays
          FROM slim_agent.chats gone JOIN slim_agent.chats stays USING (instance)
         WHERE gone.contact_id = dropped AND stays.contact_id = kept
    LOOP
        UPDATE slim_agent.chats SET merged_into = pair.stays WHERE id = pair.gone OR merged_into = pair.gone;
        UPDATE slim_agent.chats stays
           SET ball = 'person', ball_reason = gone.ball_reason, ball_since = gone.ball_since
          FROM slim_agent.chats gone
         WHERE stays.id = pair.stays AND gone.id = pair.gone AND gone.ball = 'person' AND stays.ball = 'agent';
        UPDATE slim_agent.inbox moved SET chat_id = pair.stays
         WHERE moved.chat_id = pair.gone
           AND NOT EXISTS (SELECT FROM slim_agent.inbox same
                            WHERE same.chat_id = pair.stays AND same.message_id = moved.message_id
                              AND same.from_me = moved.from_me);
        UPDATE slim_agent.outbox SET chat_id = pair.stays
         WHERE chat_id = pair.gone AND status NOT IN ('queued', 'sending', 'unknown');
    END LOOP;
END $$;

-- Make sure that a sender has a contact, addresses and a chat; learn that addresses belong together.
CREATE FUNCTION slim_agent.introduce(
    sender_instance text, keys text[], sender_jid text, sender_name text, inbound boolean, at timestamptz
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    person bigint;
BEGIN
    -- Introductions are rare, and two at once for one person would make two contacts.
    PERFORM pg_advisory_xact_lock(7230465112051188);
    SELECT min(contact_id) INTO person FROM slim_agent.addresses WHERE key = ANY (keys);
    IF person IS NULL THEN
        INSERT INTO slim_agent.contacts (name) VALUES (sender_name) RETURNING id INTO person;
    ELSE
        PERFORM slim_agent.merge_contacts(person, other.contact_id)
           FROM (SELECT DISTINCT contact_id FROM slim_agent.addresses
                  WHERE key = ANY (keys) AND contact_id <> person) AS other;
        UPDATE slim_agent.contacts SET name = sender_name
         WHERE id = person AND sender_name IS NOT NULL AND name IS DISTINCT FROM sender_name;
    END IF;
    INSERT INTO slim_agent.addresses (key, contact_id) SELECT unnest(keys), person ON CONFLICT (key) DO NOTHING;
    INSERT INTO slim_agent.chats AS chat (instance, contact_id, jid, first_inbound_at)
    VALUES (sender_instance, person, sender_jid, CASE WHEN inbound THEN at END)
    ON CONFLICT (instance, contact_id) DO UPDATE
       SET first_inbound_at = coalesce(chat.first_inbound_at, excluded.first_inbound_at),
           -- WhatsApp Business greets by itself; its greeting may even arrive before the message that caused it.
           ball = CASE WHEN inbound AND chat.first_inbound_at IS NULL AND chat.ball_reason = 'phone'
                        AND abs(extract(epoch FROM chat.ball_since - at)) <= 2 THEN 'agent' ELSE chat.ball END;
END $$;

-- Supabase publishes schemas over REST: nobody but the owner may read here.
DO $$
DECLARE
    name text;
BEGIN
    FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'slim_agent' LOOP
        EXECUTE format('ALTER TABLE slim_agent.%I ENABLE ROW LEVEL SECURITY', name);
    END LOOP;
END $$;
REVOKE ALL ON SCHEMA slim_agent FROM PUBLIC;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA slim_agent FROM PUBLIC;
