# What stands on every page, and between its parts.

site-skip = Skip to content
site-interface-language = Interface language
site-feed = Feed
site-to-front-page = To the front page
# Between a label and what it labels.
site-colon = :{ " " }
# Between the items of a list in a sentence.
site-separator = ,{ " " }
