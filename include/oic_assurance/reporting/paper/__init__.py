"""What all pages for readers share: style, charts, shapes of statuses and words for codes."""
