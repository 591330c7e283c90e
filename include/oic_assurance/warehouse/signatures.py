"""Ed25519 signatures, which say who made a bundle or a force's export.

A signature names its moment and its public key. A key is known by the SHA-256 of its public part.
The program `verify.py` in a bundle reads the same form without this package.
"""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from oic_assurance.clock import utc_now
from oic_assurance.errors import UsageError
from oic_assurance.settings import Settings
from oic_assurance.warehouse.secrets import secret

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

#: The secret that the key of the deployment is made from.
SIGNING_KEY = "signing_key"


def read_key(path: Path) -> "Ed25519PrivateKey":
    """Read a private key.

    Raises:
        UsageError: The file cannot be read, it has no Ed25519 key in PEM form, or its key has a
            password.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        private = load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError, TypeError) as error:
        raise UsageError(f"{path} is no private key in PEM form without a password.") from error
    if not isinstance(private, Ed25519PrivateKey):
        raise UsageError(f"{path} is not an Ed25519 key: `openssl genpkey -algorithm ed25519`.")
    return private


def own_key(settings: Settings) -> "Ed25519PrivateKey":
    """Return the private key of the deployment. The first use makes it.

    Raises:
        UsageError: The secret is easy to guess, or this host may make no secret.
        ServerError: The secret cannot be read or stored.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    seed = hashlib.sha256(secret(settings, SIGNING_KEY).encode()).digest()
    return Ed25519PrivateKey.from_private_bytes(seed)


def sign(private: "Ed25519PrivateKey", content: bytes) -> dict[str, str]:
    """Return the signature of some bytes: its moment, the public key, and the signature itself."""
    signed_at = utc_now().isoformat(timespec="seconds")
    return {
        "signed_at": signed_at,
        "public_key": private.public_key().public_bytes_raw().hex(),
        "signature": private.sign(_message(signed_at, content)).hex(),
    }


def name_of(private: "Ed25519PrivateKey") -> str:
    """Return the SHA-256 of the public part of a key."""
    return hashlib.sha256(private.public_key().public_bytes_raw()).hexdigest()


def signer(signature: Mapping[str, Any], content: bytes) -> str | None:
    """Return the SHA-256 of the public key that has signed. None if the signature is wrong."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        public = bytes.fromhex(signature["public_key"])
        Ed25519PublicKey.from_public_bytes(public).verify(
            bytes.fromhex(signature["signature"]), _message(str(signature["signed_at"]), content)
        )
    except (InvalidSignature, KeyError, TypeError, ValueError):
        return None
    return hashlib.sha256(public).hexdigest()


def _message(signed_at: str, content: bytes) -> bytes:
    return f"{signed_at}\n{hashlib.sha256(content).hexdigest()}".encode()
