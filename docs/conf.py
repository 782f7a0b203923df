"""The settings of the documentation site: `make site` builds it in `site/`; a link that leads nowhere fails it."""

from pipeline import __version__

project = "copydesk"
version = release = __version__
extensions = ["myst_parser"]
html_theme = "furo"
html_title = f"copydesk {__version__}"
exclude_patterns = ["requirements.lock"]
myst_heading_anchors = 3  # a link may name a heading of a page
nitpicky = True
suppress_warnings = ["misc.highlighting_failure"]  # no lexer knows crontab
