"""What customers' posts are: their language, kind, urgency and topic, by words that anybody can read and edit."""
