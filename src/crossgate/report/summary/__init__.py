"""What people decide from: figures over the turns of a recording, and over several recordings of one person.

`summarize` gives the figures of one result, `trend` those over several, `VIEWS` says which figures a use is
shown. Every figure speaks of expressed emotion, as a listener would label it; none of them knows what a
person feels.
"""

from crossgate.report.summary.trends import Trend, trend
from crossgate.report.summary.views import VIEWS
from crossgate.report.summary.whole import Summary, summarize

__all__ = ["VIEWS", "Summary", "Trend", "summarize", "trend"]
