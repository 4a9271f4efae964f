# What came on a day.

digest-title = Daily digest
digest-empty = Nothing came on this day.
digest-more = More came on this day; the lists of articles have all of it.
digest-days = Other days
digest-before = The day before
digest-after = The day after
digest-feed = Feed of all days
