"""When this happens, do that: rules and the effects they return. No rule exists yet; company events wait in the inbox."""
