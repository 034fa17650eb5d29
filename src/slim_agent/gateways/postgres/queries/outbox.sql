-- name: first_owed  The oldest reply of a chat that is not settled.
SELECT id, instance, jid, part, text, status, attempts,
       extract(epoch FROM clock_timestamp() - created_at)::float8,
       greatest(extract(epoch FROM not_before - clock_timestamp()), 0)::float8,
       coalesce(sending_at, created_at)
  FROM slim_agent.outbox
 WHERE chat_id = %(chat)s AND status IN ('queued', 'sending', 'unknown')
 ORDER BY id
 LIMIT 1

-- name: mark_sending  Before anything leaves; only the holder of the chat may.
UPDATE slim_agent.outbox AS reply
   SET status = 'sending', sending_at = clock_timestamp()
  FROM slim_agent.chats AS chat
 WHERE reply.id = %(id)s AND reply.status = 'queued'
   AND chat.id = reply.chat_id AND chat.lease_fence = %(fence)s AND chat.lease_until > clock_timestamp()

-- name: settle  A final fate. WhatsApp's receipt may have come before its id was known here.
UPDATE slim_agent.outbox AS reply
   SET status = %(status)s, error = nullif(%(error)s, ''), wa_id = %(wa_id)s,
       sent_at = CASE WHEN %(status)s = 'sent' THEN clock_timestamp() END,
       receipt = (SELECT status FROM slim_agent.inbox WHERE about = %(wa_id)s AND status IS NOT NULL
                   ORDER BY slim_agent.receipt_rank(status) DESC LIMIT 1)
  FROM slim_agent.chats AS chat
 WHERE reply.id = %(id)s AND reply.status IN ('queued', 'sending', 'unknown')
   AND chat.id = reply.chat_id AND chat.lease_fence = %(fence)s

-- name: postpone  Not settled: look again later.
UPDATE slim_agent.outbox AS reply
   SET status = %(status)s, error = %(error)s,
       not_before = clock_timestamp() + make_interval(secs => %(seconds)s),
       attempts = CASE WHEN %(status)s = 'unknown' AND reply.status <> 'unknown' THEN 0 ELSE reply.attempts + 1 END
  FROM slim_agent.chats AS chat
 WHERE reply.id = %(id)s AND reply.status IN ('queued', 'sending', 'unknown')
   AND chat.id = reply.chat_id AND chat.lease_fence = %(fence)s

-- name: echo  Evolution has told us of a message of ours with these words, which no other reply is.
SELECT echo.about FROM slim_agent.inbox AS echo
  JOIN slim_agent.outbox AS reply ON reply.id = %(id)s
 WHERE echo.chat_id = %(chat)s AND echo.reason = 'sent' AND echo.text = reply.text
   AND echo.received_at >= reply.sending_at
   AND NOT EXISTS (SELECT FROM slim_agent.outbox WHERE wa_id = echo.about)
 ORDER BY echo.id
 LIMIT 1

-- name: known_ids  Messages of ours that need no looking for.
SELECT wa_id FROM slim_agent.outbox WHERE chat_id = %(chat)s AND wa_id IS NOT NULL ORDER BY id DESC LIMIT 100
