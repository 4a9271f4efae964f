# Lists of articles, the front page first.

list-articles = Articles
list-older = Older articles
list-taken-in = Taken in
list-empty = No articles yet
list-empty-hint = Publish the first event, and a few seconds later the article stands here:
list-empty-or = Any NATS client does as well:
