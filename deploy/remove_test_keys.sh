#!/bin/sh
# Some packages bring keys and certificates for their own tests. This script deletes them, so that a scan of an image finds
# none that nobody needs. Its argument is the virtual environment.
set -eu
find "$1" -type f \( -path '*/test/*' -o -path '*/tests/*' -o -path '*/_tests/*' \) \
    \( -name '*.key' -o -name '*.pem' -o -name '*.crt' -o -name '*.cer' -o -name '*.der' -o -name '*.p12' -o -name '*.pfx' \
    -o -name '*.jks' -o -name 'id_rsa*' -o -name 'id_ed25519*' -o -name 'id_ecdsa*' \) -delete
