"""The report as one HTML file that opens from disk, with no network.

`viewer.html` is built from the repository's folder `web` by `make viewer`; `page_html` puts a result into it.
"""

from crossgate.report.page.fill import page_html

__all__ = ["page_html"]
