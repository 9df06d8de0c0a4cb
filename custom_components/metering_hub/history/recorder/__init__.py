"""What reads and writes Home Assistant's recorder."""
