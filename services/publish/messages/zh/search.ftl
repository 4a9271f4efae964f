# 搜索：每页页眉里的搜索框，以及搜索结果页。

search-title = 搜索
search-words = 搜索内容
search-button = 搜索
search-filters = 筛选
search-language = 语言
search-any-language = 所有语言
search-source = 来源
search-from = 起始日期
search-to = 截止日期
search-next = 更多结果
search-further = 后续结果

search-results =
    { $count ->
        [0] 没有找到文章。可以减少关键词，或换用别的词。
       *[other] 找到 { $count } 篇文章
    }
search-more-than = 超过 { $count } 篇文章：最新的 { $count } 篇按相关程度排列，其余按时间排列
search-no-words = 输入的内容里没有可以搜索的文字。
search-gave-up = 搜索用时过长，已停止。换用较少见的词会更快。
search-gave-up-on-older = 搜索用时较长，只查看了最新的文章。点“更多结果”继续查看较早的文章。
search-busy = 现在同时进行的搜索太多，请过几秒再试。

search-unreadable-language = 无法识别语言“{ $value }”，应为 zh、en 这样的标记。
search-unreadable-from = 无法识别起始日期“{ $value }”，应为 2026-01-31 这样的日期。
search-unreadable-to = 无法识别截止日期“{ $value }”，应为 2026-01-31 这样的日期。
search-unreadable-after = 无法识别结果页的起点“{ $value }”，以下是最前面的结果。
search-unreadable-limit = 无法识别结果数“{ $value }”，应为 1 到 100 的数字。
