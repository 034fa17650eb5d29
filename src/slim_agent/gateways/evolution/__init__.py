"""Evolution API: WhatsApp's way out, and the registration of our way in."""
