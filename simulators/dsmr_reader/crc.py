"""The checksum of telegrams."""


def crc16(data: bytes) -> int:
    """Return the checksum of a telegram: CRC-16/ARC, as DSMR 4 and 5 prescribe."""
    crc = 0
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ 0xA001 if crc & 1 else crc >> 1
    return crc
