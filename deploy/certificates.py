"""Make a deployment's certificate authority, and one certificate for each server.

    python deploy/certificates.py --authority FOLDER --to FOLDER postgres api-server

The script writes `ca.key` and `ca.crt` to the folder `--authority`. For each host, it writes
`server.key`, `server.crt` and `ca.crt` to a folder with the name of the host in `--to`. A
certificate that is valid for at least another month is kept, so the script can run at every start.
The authority is renewed with the key that it has: certificates that it has issued stay valid, and
whoever has the earlier `ca.crt` trusts new ones until that one expires.
Clients need only `ca.crt`. Only this script needs `ca.key`. docker-compose.yml runs the script. To
use certificates from your own authority, put them in the same places before the first start. An
authority without `ca.key` is your own: its certificates are yours to renew, and are left alone.
"""

import argparse
import datetime
import ipaddress
import os
import sys
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

AUTHORITY_YEARS, SERVER_DAYS, SPARE_DAYS = 10, 397, 31


def main() -> None:
    """Make every certificate that is missing or expires soon."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--authority", type=Path, required=True)
    parser.add_argument("--to", type=Path, required=True)
    parser.add_argument("--group", type=int, help="the group that may read the servers' keys")
    parser.add_argument(
        "--days", type=int, default=SERVER_DAYS, help="how long a server's is valid"
    )
    parser.add_argument("host", nargs="+", help="a host, then any further names after commas")
    given = parser.parse_args()
    make_authority(given.authority)
    for names in given.host:
        host, *others = names.split(",")
        make_server(
            given.authority, given.to / host, [host, *others], group=given.group, days=given.days
        )


def make_authority(folder: Path) -> None:
    """Make an authority's key and certificate, unless valid ones or those of another exist."""
    if (folder / "ca.crt").exists() and (_is_foreign(folder) or _holds(folder / "ca.crt")):
        return
    key = (
        _authority_key(folder)
        if (folder / "ca.key").exists()
        else ec.generate_private_key(ec.SECP256R1())
    )
    name = _name("OIC assurance, authority of this deployment")
    days = datetime.timedelta(days=365 * AUTHORITY_YEARS)
    builder = _builder(name, name, key.public_key(), days)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    usage = x509.KeyUsage(
        digital_signature=False,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=True,
        crl_sign=True,
        encipher_only=False,
        decipher_only=False,
    )
    builder = builder.add_extension(usage, critical=True)
    folder.mkdir(parents=True, exist_ok=True)
    _write_key(folder / "ca.key", key, 0o600)
    _write_certificate(folder / "ca.crt", builder.sign(key, hashes.SHA256()))


def make_server(
    authority: Path, folder: Path, names: list[str], *, group: int | None, days: int = SERVER_DAYS
) -> None:
    """Make a server's key and certificate, unless they are valid for another month.

    If the authority has another key, nobody trusts what the earlier one has issued.
    """
    issuer = x509.load_pem_x509_certificate((authority / "ca.crt").read_bytes())
    has_certificate = (folder / "server.crt").exists()
    if _is_foreign(authority):
        if not has_certificate:
            raise SystemExit(
                f"{folder}/server.crt is missing, and {authority} has no ca.key to make it: put the"
                " server's own certificate there."
            )
        if not _holds(folder / "server.crt"):
            print(f"{folder}/server.crt expires within a month: renew it.", file=sys.stderr)
        return
    if (
        has_certificate
        and _holds(folder / "server.crt")
        and _is_issued_by(issuer, folder / "server.crt")
    ):
        _write_certificate(folder / "ca.crt", issuer)
        return
    issuer_key = _authority_key(authority)
    key = ec.generate_private_key(ec.SECP256R1())
    lasts = datetime.timedelta(days=days)
    builder = _builder(_name(names[0]), issuer.subject, key.public_key(), lasts)
    certificate = (
        builder.add_extension(x509.SubjectAlternativeName(map(_alternative, names)), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()),
            critical=False,
        )
        .sign(issuer_key, hashes.SHA256())
    )
    folder.mkdir(parents=True, exist_ok=True)
    # PostgreSQL accepts a key owned by root if only root and the server's group can read the key.
    _write_key(folder / "server.key", key, 0o600 if group is None else 0o640, group)
    _write_certificate(folder / "ca.crt", issuer)
    # Last, because the others are not made again if this one exists.
    _write_certificate(folder / "server.crt", certificate)


def _authority_key(folder: Path) -> ec.EllipticCurvePrivateKey:
    found = serialization.load_pem_private_key((folder / "ca.key").read_bytes(), password=None)
    if not isinstance(found, ec.EllipticCurvePrivateKey):
        raise SystemExit(f"{folder}/ca.key is not a key that this script has made.")
    return found


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    public_key: ec.EllipticCurvePublicKey,
    lasts: datetime.timedelta,
) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + lasts)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
    )


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _alternative(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _holds(path: Path) -> bool:
    certificate = x509.load_pem_x509_certificate(path.read_bytes())
    left = certificate.not_valid_after_utc - datetime.datetime.now(datetime.UTC)
    return left > datetime.timedelta(days=SPARE_DAYS)


def _is_foreign(authority: Path) -> bool:
    """Tell whether this script has not made an authority, so that it cannot issue for it."""
    return not (authority / "ca.key").exists()


def _is_issued_by(issuer: x509.Certificate, path: Path) -> bool:
    try:
        x509.load_pem_x509_certificate(path.read_bytes()).verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _write_key(
    path: Path, key: ec.EllipticCurvePrivateKey, mode: int, group: int | None = None
) -> None:
    text = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    draft = path.with_name(f"{path.name}.new")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        if group is not None:
            os.fchown(file.fileno(), -1, group)
        os.fchmod(file.fileno(), mode)
        file.write(text)
    draft.replace(path)


def _write_certificate(path: Path, certificate: x509.Certificate) -> None:
    draft = path.with_name(f"{path.name}.new")
    draft.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    draft.chmod(0o644)
    draft.replace(path)


if __name__ == "__main__":
    main()
