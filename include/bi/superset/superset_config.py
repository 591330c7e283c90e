"""Superset's settings: pages load nothing from other servers, and this file holds no secret.

On one machine, Superset keeps its own data in a file. A deployment sets SUPERSET_DATABASE_URL.
"""

import os
from datetime import timedelta
from pathlib import Path

from flask import Flask
from jinja2 import ChoiceLoader, DictLoader
from superset.config import TALISMAN_CONFIG as _DEFAULT

DATA_DIR = os.environ["SUPERSET_HOME"]
SECRET_KEY = os.environ["SUPERSET_SECRET_KEY"]
if len(SECRET_KEY) < 32:
    raise ValueError("SUPERSET_SECRET_KEY needs at least 32 characters: `openssl rand -base64 42`.")
GUEST_TOKEN_JWT_SECRET = SECRET_KEY
GLOBAL_ASYNC_QUERIES_JWT_SECRET = SECRET_KEY
SQLALCHEMY_DATABASE_URI = (
    os.environ.get("SUPERSET_DATABASE_URL") or f"sqlite:///{Path(DATA_DIR) / 'superset.db'}"
)
# A deployment serves HTTPS, and sends the cookie of a login over HTTPS only.
SESSION_COOKIE_SECURE = os.environ.get("SUPERSET_COOKIE_SECURE", "").lower() == "true"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
PERMANENT_SESSION_LIFETIME = timedelta(hours=12)
RATELIMIT_STORAGE_URI = "memory://"

# Pages load only what this server serves.
TALISMAN_CONFIG = {
    **_DEFAULT,
    "content_security_policy": {
        **_DEFAULT["content_security_policy"],
        "img-src": ["'self'", "blob:", "data:"],
        "connect-src": ["'self'"],
        "style-src": ["'self'", "'unsafe-inline'"],
        "font-src": ["'self'"],
    },
}
THEME_FONT_URL_ALLOWED_DOMAINS: list[str] = []

APP_NAME = "OIC assurance"
LANGUAGES: dict[str, dict[str, str]] = {}
# The lines of a chart are labelled where they end, in a column that phones have room for.
_LABELLED_LINES = {
    "grid": {"right": "27%"},
    "series": {
        "endLabel": {
            "show": True,
            "formatter": "{a}",
            "color": "inherit",
            "width": 88,
            "fontSize": 11,
            "overflow": "break",
            "lineHeight": 14,
        },
        "labelLayout": {"x": "74.5%", "moveOverlap": "shiftY"},
    },
}
# Text on white has a contrast ratio of at least 4.5 to 1.
THEME_DEFAULT = {
    "algorithm": "default",
    "token": {
        "brandAppName": APP_NAME,
        "colorPrimary": "#1f4e79",
        "colorLink": "#1f4e79",
        "colorText": "#1d2733",
        "colorTextSecondary": "#4d5865",
        "colorTextTertiary": "#4d5865",
        "fontFamily": "Inter, Helvetica, Arial, sans-serif",
    },
    "echartsOptionsOverridesByChartType": {
        "echarts_timeseries_line": _LABELLED_LINES,
        "mixed_timeseries": _LABELLED_LINES,
    },
}
THEME_DARK = None
SQLLAB_BACKEND_PERSISTENCE = False


def FLASK_APP_MUTATOR(app: Flask) -> None:  # noqa: N802 (Superset gives the name)
    """Tell phones that pages fit their width. Superset's template has an empty file for this."""
    viewport = '<meta name="viewport" content="width=device-width, initial-scale=1">'
    ours = DictLoader({"head_custom_extra.html": viewport})
    app.jinja_loader = ChoiceLoader([ours, app.jinja_loader])
