"""What leaves: replies enqueued by a turn, sent once, confirmed, looked up when their fate is unknown."""
