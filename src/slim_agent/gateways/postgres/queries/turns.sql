-- name: glance  What waits in a chat.
SELECT extract(epoch FROM clock_timestamp() - unread.newest)::float8,
       extract(epoch FROM clock_timestamp() - unread.oldest)::float8,
       (SELECT greatest(extract(epoch FROM not_before - clock_timestamp()), 0)::float8
          FROM slim_agent.turns WHERE chat_id = %(chat)s AND status = 'open'),
       (SELECT greatest(extract(epoch FROM not_before - clock_timestamp()), 0)::float8
          FROM slim_agent.outbox WHERE chat_id = %(chat)s AND status IN ('queued', 'sending', 'unknown')
         ORDER BY id LIMIT 1)
  FROM (SELECT max(received_at) AS newest, min(received_at) AS oldest
          FROM slim_agent.inbox WHERE chat_id = %(chat)s AND disposition = 'turn' AND turn_id IS NULL) AS unread

-- name: claim  Own a chat that nobody owns; the fence outdates every earlier holder.
UPDATE slim_agent.chats
   SET lease_owner = %(owner)s, lease_fence = lease_fence + 1,
       lease_until = clock_timestamp() + make_interval(secs => %(seconds)s)
 WHERE id = %(chat)s AND (lease_until IS NULL OR lease_until <= clock_timestamp())
RETURNING lease_fence

-- name: renew  Own it for longer.
UPDATE slim_agent.chats SET lease_until = clock_timestamp() + make_interval(secs => %(seconds)s)
 WHERE id = %(chat)s AND lease_fence = %(fence)s AND lease_until > clock_timestamp()

-- name: release  Let others own the chat.
UPDATE slim_agent.chats SET lease_until = NULL, lease_owner = NULL WHERE id = %(chat)s AND lease_fence = %(fence)s

-- name: hold  Inside a transaction: nobody can take the chat before it ends.
SELECT stays.ball, stays.ball_reason
  FROM slim_agent.chats AS chat JOIN slim_agent.chats AS stays ON stays.id = coalesce(chat.merged_into, chat.id)
 WHERE chat.id = %(chat)s AND chat.lease_fence = %(fence)s AND chat.lease_until > clock_timestamp()
   FOR UPDATE OF chat

-- name: begin  The chat's open turn, made when there are unread messages, and one more attempt.
INSERT INTO slim_agent.turns AS turn (chat_id, attempts)
SELECT %(chat)s, 1
 WHERE EXISTS (SELECT FROM slim_agent.inbox WHERE chat_id = %(chat)s AND disposition = 'turn' AND turn_id IS NULL)
    OR EXISTS (SELECT FROM slim_agent.turns WHERE chat_id = %(chat)s AND status = 'open')
ON CONFLICT (chat_id) WHERE status = 'open' DO UPDATE SET attempts = turn.attempts + 1
RETURNING id, attempts

-- name: attach  All unread messages belong to the turn.
UPDATE slim_agent.inbox SET turn_id = %(turn)s
 WHERE chat_id = %(chat)s AND disposition = 'turn' AND turn_id IS NULL

-- name: unread  What the turn has to answer, in the customer's order.
SELECT text, coalesce(sent_at, received_at), jid FROM slim_agent.inbox
 WHERE turn_id = %(turn)s
 ORDER BY coalesce(sent_at, date_trunc('second', received_at)), id

-- name: history  The chat's past, newest first.
SELECT speaker, text, at FROM (
    (SELECT CASE WHEN from_me THEN 'person' ELSE 'customer' END AS speaker, text, coalesce(sent_at, received_at) AS at, id
       FROM slim_agent.inbox
      WHERE chat_id = %(chat)s AND message_id IS NOT NULL AND text <> '' AND turn_id IS DISTINCT FROM %(turn)s
        AND (disposition IN ('turn', 'ignored')
             OR (reason = 'own_message' AND NOT EXISTS (SELECT FROM slim_agent.outbox WHERE wa_id = message_id)))
      ORDER BY id DESC LIMIT %(limit)s)
    UNION ALL
    (SELECT author, text, coalesce(sent_at, created_at), id
       FROM slim_agent.outbox
      WHERE chat_id = %(chat)s AND status IN ('queued', 'sending', 'unknown', 'sent', 'parked')
      ORDER BY id DESC LIMIT %(limit)s)
) AS past
 ORDER BY at DESC, id DESC
 LIMIT %(limit)s

-- name: chat  Who the turn is with; replies go to the address of the newest message.
SELECT chat.instance, chat.ball, chat.ball_reason, contact.name
  FROM slim_agent.chats AS chat JOIN slim_agent.contacts AS contact ON contact.id = chat.contact_id
 WHERE chat.id = %(chat)s

-- name: finish  The turn is over.
UPDATE slim_agent.turns
   SET status = %(status)s, outcome = %(outcome)s, detail = %(detail)s, error = %(error)s, finished_at = clock_timestamp()
 WHERE id = %(turn)s AND status = 'open'

-- name: owe  Replies that the outbox has to send.
INSERT INTO slim_agent.outbox (chat_id, turn_id, part, instance, jid, text)
SELECT %(chat)s, %(turn)s, reply.part - 1, %(instance)s, %(jid)s, reply.text
  FROM unnest(%(texts)s::text[]) WITH ORDINALITY AS reply(text, part)

-- name: pass_ball  Who has to act next.
UPDATE slim_agent.chats SET ball = %(ball)s, ball_reason = %(reason)s, ball_since = clock_timestamp(), jid = %(jid)s
 WHERE id IN (%(chat)s, (SELECT merged_into FROM slim_agent.chats WHERE id = %(chat)s))

-- name: audit  Who did what.
INSERT INTO slim_agent.audit (actor, action, subject, detail)
VALUES ('agent', %(action)s, %(subject)s, %(detail)s)

-- name: postpone  Another attempt later.
UPDATE slim_agent.turns
   SET error = %(error)s, not_before = clock_timestamp() + make_interval(secs => %(seconds)s)
 WHERE id = %(turn)s AND status = 'open'

-- name: hand_back  An attempt that the worker broke off does not count.
UPDATE slim_agent.turns SET attempts = attempts - 1 WHERE id = %(turn)s AND status = 'open'

-- name: bury  A turn that nobody could answer, with what it was asked.
INSERT INTO slim_agent.dead_letters (turn_id, chat_id, reason, attempts, input)
VALUES (%(turn)s, %(chat)s, %(reason)s, %(attempts)s, %(input)s)

-- name: overdue  Chats that wait although nobody came.
SELECT chat_id, extract(epoch FROM clock_timestamp() - min(since))::float8 FROM (
    SELECT chat_id, min(received_at) AS since FROM slim_agent.inbox
     WHERE disposition = 'turn' AND turn_id IS NULL
     GROUP BY chat_id
    HAVING max(received_at) <= clock_timestamp() - make_interval(secs => %(debounce)s + %(grace)s)
        OR min(received_at) <= clock_timestamp() - make_interval(secs => %(debounce_max)s + %(grace)s)
    UNION ALL
    SELECT chat_id, not_before FROM slim_agent.turns WHERE status = 'open' AND not_before <= clock_timestamp()
    UNION ALL
    SELECT chat_id, not_before FROM (
        SELECT DISTINCT ON (chat_id) chat_id, not_before FROM slim_agent.outbox
         WHERE status IN ('queued', 'sending', 'unknown') ORDER BY chat_id, id
    ) AS next WHERE not_before <= clock_timestamp()
) AS waiting
  JOIN slim_agent.chats AS chat ON chat.id = waiting.chat_id
 WHERE chat.lease_until IS NULL OR chat.lease_until <= clock_timestamp()
 GROUP BY chat_id
 ORDER BY min(since)
 LIMIT %(limit)s

-- name: find_answer  A model answer that was already paid for.
SELECT answer FROM slim_agent.model_answers WHERE turn_id = %(turn)s AND key = %(key)s

-- name: keep_answer  The first answer stays.
INSERT INTO slim_agent.model_answers (turn_id, key, answer) VALUES (%(turn)s, %(key)s, %(answer)s)
ON CONFLICT DO NOTHING
