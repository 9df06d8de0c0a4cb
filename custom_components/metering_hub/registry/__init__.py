"""What Home Assistant's registries know of the devices and points of an entry."""
