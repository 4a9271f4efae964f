# Lists of articles, the front page first.

list-about = 文章与摘要，最新的在前。
list-about-source = 来自 { $source } 的文章与摘要，最新的在前。
list-older = 更早的文章
list-newer = 更新的文章
list-pages = 翻页
list-taken-in = 收录于
list-choose = 选择文章
list-all-languages = 全部语言
list-also-at = 另见
# How many other sources tell a story beside those that are named.
list-more-sources = 另有 { $count } 家
list-comments = { $count } 条评论
# { $count } stands for a number that the page fills in; one and other are the plural forms.
list-live-one = { $count } 篇新文章，点击显示
list-live-other = { $count } 篇新文章，点击显示
list-nothing = 这里没有文章。
list-empty = 还没有文章
list-empty-hint = 发布第一个事件，几秒钟后文章就会出现在这里：
list-empty-or = 也可以用任何 NATS 客户端：
list-sources = 来源
list-all-sources = 全部来源
list-sources-about = 本站文章的来源网站。
list-sources-more = 更多来源
list-sources-first = 回到第一页
list-no-sources = 这里没有来源。
list-source-articles = { $count } 篇文章
# Before the date of a source's newest article.
list-newest = 最新一篇
