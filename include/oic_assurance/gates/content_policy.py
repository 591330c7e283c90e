"""Give an HTML page a Content-Security-Policy, so that it runs and loads only its own content.

A page can quote text from a source, such as the name of a unit. All such text is escaped. If
escaping is ever forgotten, the policy still prevents a browser from running the text and from
sending anything to another server.
"""

import base64
import hashlib
import re
from collections.abc import Mapping

#: The policy for a page in one file: no scripts, no requests, and only styles and pictures inside
#: the page.
REPORT: Mapping[str, str] = {
    "default-src": "'none'",
    "style-src": "",
    # Drawings set their width in a `style` attribute, which cannot load anything under this policy.
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
    """Return a page with a policy in its head, directly after the line that sets the charset.

    A browser uses only the styles and scripts whose hashes are in the policy. If `policy` has the
    entry `style-src` or `script-src`, the hashes of the styles or scripts in the page's head are
    added to that entry. With `whole`, the hashes of the styles or scripts in the body are added
    too. Use `whole` only for a page without text from a source, because `whole` would also admit a
    script in such a text.

    Raises:
        ValueError: The page sets no charset, or already has a policy.
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
