"""A certificate authority of this run of the tests, and good and bad certificates."""

from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
import ssl

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

HOST = "meters.example.net"
"""The name of the proxy, which only the resolver of the tests knows."""

LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
LAST_YEARS = datetime(2001, 1, 1, tzinfo=UTC)
FAR_AWAY = datetime(2100, 1, 1, tzinfo=UTC)


class Certificate(StrEnum):
    """What is right or wrong with a certificate."""

    GOOD = "good"
    EXPIRED = "expired"
    UNTRUSTED = "untrusted"
    OTHER_HOST = "other_host"


class Authority:
    """Signs certificates, which a client believes that knows `pem`."""

    def __init__(self) -> None:
        """Make a key and a certificate of its own."""
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _name("An authority of tests")
        public = self._key.public_key()
        certificate = (
            _builder(self._name, self._name, public, FAR_AWAY)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(is_authority=True), critical=True)
            .sign(self._key, hashes.SHA256())
        )
        self.pem = certificate.public_bytes(serialization.Encoding.PEM).decode()

    def issue(self, host: str, until: datetime) -> bytes:
        """Return a key and a certificate for a host, which is valid until a moment."""
        key = ec.generate_private_key(ec.SECP256R1())
        names = x509.SubjectAlternativeName([x509.DNSName(host)])
        issuer_key = x509.AuthorityKeyIdentifier.from_issuer_public_key(
            self._key.public_key()
        )
        certificate = (
            _builder(_name(host), self._name, key.public_key(), until)
            .add_extension(names, critical=False)
            .add_extension(issuer_key, critical=False)
            .add_extension(_usage(is_authority=False), critical=True)
            .sign(self._key, hashes.SHA256())
        )
        private = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        return private + certificate.public_bytes(serialization.Encoding.PEM)


def _name(common: str) -> x509.Name:
    """Return a name that has only one part."""
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, common)])


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    public: ec.EllipticCurvePublicKey,
    until: datetime,
) -> x509.CertificateBuilder:
    """Return what all certificates have."""
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(LONG_AGO)
        .not_valid_after(until)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), False)
    )


def _usage(*, is_authority: bool) -> x509.KeyUsage:
    """Return what a key may be used for."""
    return x509.KeyUsage(
        digital_signature=not is_authority,
        key_cert_sign=is_authority,
        crl_sign=is_authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


# Made before any test freezes the time: cryptography only accepts the first class of
# `datetime` that it gets.
AUTHORITY = Authority()
_ISSUED: Mapping[Certificate, bytes] = {
    Certificate.GOOD: AUTHORITY.issue(HOST, FAR_AWAY),
    Certificate.EXPIRED: AUTHORITY.issue(HOST, LAST_YEARS),
    Certificate.UNTRUSTED: Authority().issue(HOST, FAR_AWAY),
    Certificate.OTHER_HOST: AUTHORITY.issue("elsewhere.example.net", FAR_AWAY),
}


def server_contexts(folder: Path) -> dict[Certificate, ssl.SSLContext]:
    """Return the server's side of TLS with each certificate."""
    contexts = {}
    for kind, pem in _ISSUED.items():
        file = folder / f"{kind}.pem"
        file.write_bytes(pem)
        contexts[kind] = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        contexts[kind].load_cert_chain(file)
    return contexts


def client_context() -> ssl.SSLContext:
    """Return the client's side of TLS, which trusts this authority alone."""
    return ssl.create_default_context(cadata=AUTHORITY.pem)
