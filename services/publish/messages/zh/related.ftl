# 文章下方的相关新闻。

related-title = 相关新闻
