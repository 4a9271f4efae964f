# Lists of articles, the front page first.

list-articles = 文章
list-older = 更早的文章
list-taken-in = 收录于
list-empty = 还没有文章
list-empty-hint = 发布第一个事件，几秒钟后文章就会出现在这里：
list-empty-or = 也可以用任何 NATS 客户端：
