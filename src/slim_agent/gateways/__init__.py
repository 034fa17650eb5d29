"""The only code that opens a socket: each gateway implements the ports of the rooms below."""
