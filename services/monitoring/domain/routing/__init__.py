"""Who gets a conversation: availability, certificates, load, pauses."""
