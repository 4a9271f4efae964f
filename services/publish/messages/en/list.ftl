# Lists of articles, the front page first.

list-about = Articles with summaries, newest first.
list-about-source = Articles from { $source } with summaries, newest first.
list-older = Older articles
list-newer = Newer articles
list-pages = Pages
list-taken-in = Taken in
list-choose = Choose articles
list-all-languages = All languages
list-also-at = Also at
# How many other sources tell a story beside those that are named.
list-more-sources = { $count } more
list-comments =
    { $count ->
        [one] { $count } comment
       *[other] { $count } comments
    }
# { $count } stands for a number that the page fills in; one and other are the plural forms.
list-live-one = { $count } new article — show
list-live-other = { $count } new articles — show
list-nothing = No articles here.
list-empty = No articles yet
list-empty-hint = Publish the first event, and a few seconds later the article stands here:
list-empty-or = Any NATS client does as well:
list-sources = Sources
list-all-sources = All sources
list-sources-about = The sites that articles come from.
list-sources-more = More sources
list-sources-first = First page
list-no-sources = No sources here.
list-source-articles =
    { $count ->
        [one] { $count } article
       *[other] { $count } articles
    }
# Before the date of a source's newest article.
list-newest = newest
