"""System checks of this floor; each message says what to type."""
