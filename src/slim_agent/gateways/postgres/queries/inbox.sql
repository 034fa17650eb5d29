-- name: introduce  Each sender of a batch gets a contact, addresses and a chat; who is only spoken of must have one.
SELECT slim_agent.introduce(
    sender.instance, string_to_array(sender.keys, ' '), sender.jid, sender.name, sender.inbound, sender.at
)
FROM unnest(%(instance)s::text[], %(keys)s::text[], %(jid)s::text[], %(name)s::text[],
            %(inbound)s::boolean[], %(chats)s::boolean[], %(at)s::timestamptz[])
     WITH ORDINALITY AS sender(instance, keys, jid, name, inbound, chats, at, place)
WHERE sender.chats
   OR EXISTS (SELECT FROM slim_agent.addresses address
                JOIN slim_agent.chats chat USING (contact_id)
               WHERE address.key = ANY (string_to_array(sender.keys, ' ')) AND chat.instance = sender.instance)
ORDER BY sender.place

-- name: insert  Store a batch once; rows that were there already are not returned.
INSERT INTO slim_agent.inbox AS stored (
    disposition, reason, event, instance, chat_id, jid, message_id, from_me, kind, text, sent_at, about, status, payload
)
SELECT row.disposition, row.reason, row.event, row.instance, chat.id, row.jid, row.message_id, row.from_me,
       row.kind, row.text, row.sent_at, row.about, row.status, row.payload::jsonb
FROM unnest(%(disposition)b::text[], %(reason)b::text[], %(event)b::text[], %(instance)b::text[], %(key)b::text[],
            %(jid)b::text[], %(message_id)b::text[], %(from_me)b::boolean[], %(kind)b::text[], %(text)b::text[],
            %(sent_at)b::timestamptz[], %(about)b::text[], %(status)b::text[], %(payload)b::text[])
     WITH ORDINALITY AS row(disposition, reason, event, instance, key, jid, message_id, from_me, kind, text,
                            sent_at, about, status, payload, place)
     LEFT JOIN slim_agent.addresses address ON address.key = row.key
     LEFT JOIN slim_agent.chats chat ON chat.contact_id = address.contact_id AND chat.instance = row.instance
ORDER BY row.place
ON CONFLICT DO NOTHING
RETURNING stored.instance, stored.jid, stored.message_id, stored.from_me, stored.chat_id

-- name: quarantine  Keep what could not be read.
INSERT INTO slim_agent.quarantine (reason, event, instance, body)
SELECT * FROM unnest(%(reason)s::text[], %(event)s::text[], %(instance)s::text[], %(body)s::bytea[])

-- name: apply_receipts  A delivery status only moves forward.
UPDATE slim_agent.outbox AS reply
   SET receipt = news.receipt, receipt_at = now()
  FROM (SELECT DISTINCT ON (about) about, receipt
          FROM unnest(%(about)s::text[], %(receipt)s::text[]) AS all_news(about, receipt)
         ORDER BY about, slim_agent.receipt_rank(receipt) DESC) AS news
 WHERE reply.wa_id = news.about
   AND slim_agent.receipt_rank(news.receipt) > slim_agent.receipt_rank(reply.receipt)

-- name: person_took_over  Somebody typed on the company's phone: unless it was us, or WhatsApp Business' own greeting.
WITH taken AS (
    UPDATE slim_agent.chats AS chat
       SET ball = 'person', ball_reason = 'phone', ball_since = coalesce(typed.sent_at, now())
      FROM unnest(%(chat_id)s::bigint[], %(message_id)s::text[], %(text)s::text[], %(sent_at)s::timestamptz[])
           AS typed(chat_id, message_id, text, sent_at)
     WHERE chat.id = typed.chat_id
       AND NOT EXISTS (SELECT FROM slim_agent.outbox AS ours
                        WHERE ours.chat_id = chat.id
                          AND (ours.wa_id = typed.message_id
                               OR (ours.status IN ('sending', 'unknown') AND ours.text = typed.text)))
       AND (chat.first_inbound_at IS NULL
            OR abs(extract(epoch FROM coalesce(typed.sent_at, now()) - chat.first_inbound_at)) > 2)
    RETURNING chat.id
)
UPDATE slim_agent.outbox SET status = 'cancelled', error = 'a person took over'
 WHERE status = 'queued' AND chat_id IN (SELECT id FROM taken)
