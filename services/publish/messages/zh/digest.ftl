# 每日摘要。

digest-title = 每日摘要
digest-empty = 这一天没有新文章。
digest-more = 这一天还有更多文章，见文章列表。
digest-days = 其他日期
digest-before = 前一天
digest-after = 后一天
digest-feed = 每日摘要订阅
