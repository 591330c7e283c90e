"""Give an HTML page a Content-Security-Policy: it runs and loads only what it was made with.

A page can quote text from a source, such as the name of a unit. Every text is escaped. If an escape
is ever forgotten, the policy still keeps a browser from running it and from sending anything away.
"""

import base64
import hashlib
import re
from collections.abc import Mapping

#: A page that is one file: no script, no request, styles and pictures inside the page only.
REPORT: Mapping[str, str] = {
    "default-src": "'none'",
    "style-src": "",
    # Drawings have their width as an attribute. An attribute can load nothing here.
    "style-src-attr": "'unsafe-inline'",
    "img-src": "data:",
    "font-src": "data:",
    "base-uri": "'none'",
    "form-action": "'none'",
}
_INLINE = {
    "style-src": re.compile(r"<style[^>]*>(.*?)</style>", re.DOTALL),
    "script-src": re.compile(r"<script(?![^>]*\ssrc=)[^>]*>(.*?)</script>", re.DOTALL),
}
_CHARSET = re.compile(r"<meta charset=[^>]*>", re.IGNORECASE)


def with_policy(page: str, policy: Mapping[str, str] = REPORT, *, whole: bool = False) -> str:
    """Return a page with a policy in its head, directly after the line with the charset.

    Where `policy` has `style-src` or `script-src`, the hashes of the styles or scripts in the
    page's head are added. With `whole`, those in the body are added too: only for a page without
    text from a source.

    Raises:
        ValueError: The page has no charset, or a policy already.
    """
    if "Content-Security-Policy" in page:
        raise ValueError("the page has a policy already")
    own = page if whole else page.partition("</head>")[0]
    parts = []
    for name, allowed in policy.items():
        pattern = _INLINE.get(name)
        found = {_hash(text) for text in pattern.findall(own)} if pattern else set()
        sources = " ".join([*filter(None, [allowed]), *sorted(found)]) or "'none'"
        parts.append(f"{name} {sources}")
    meta = f'<meta http-equiv="Content-Security-Policy" content="{"; ".join(parts)}">'
    done, count = _CHARSET.subn(lambda charset: f"{charset.group()}\n{meta}", page, count=1)
    if not count:
        raise ValueError("the page has no charset")
    return done


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode("utf-8")).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"
