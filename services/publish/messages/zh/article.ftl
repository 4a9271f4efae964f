# An article's page.

# Before the authors' names.
article-by = 作者：
article-published = 发布于
article-taken-in = 收录于
article-updated = 更新于
article-original = 原文
article-original-in = { $language }原文
article-body = 正文
article-read-on = 在来源网站继续阅读
article-json = 本页数据（JSON）

article-words = { $count } 词
article-characters = { $count } 字
article-minutes = 约 { $count } 分钟读完

# Summaries, and how they were made.
article-summary = 摘要
article-summary-in = { $language }摘要
article-no-summary = 没有摘要
article-no-summary-in = 没有{ $language }摘要
article-excerpt = 摘录：句子取自原文，未使用模型。
# $reason is one of those below.
article-excerpt-because = 摘录：句子取自原文。{ $reason }。
article-model = 由模型 { $model } 撰写。
article-model-unnamed = （未注明）
article-checks-passed = 通过检查：{ $checks }。
article-checks-failed = 未通过检查：{ $checks }。
article-checks-undecided = 无法判断：{ $checks }。

# Why there is no summary by a model.
article-missing-nothing = 正文里没有可以摘录的句子
article-missing-refused = 出版方不允许机器使用本文
article-missing-no-model = 没有配置能撰写它的模型
article-missing-failed = 模型的回答未通过检查
article-missing-record = 模型近来写的内容大多未通过检查
article-missing-unavailable = 当时无法使用模型
article-missing-spent = 当日的模型用量已用完

# The checks' names.
check-transport = 传输
check-language = 语言
check-length = 长度
check-leaks = 提示词泄漏
check-numbers = 数字
check-names = 名称
check-support = 原文依据
check-obedience = 不听从文中指令
check-record = 模型以往表现
check-verbatim = 逐字摘自原文

# Rights.
article-rights-refused = 出版方保留机器使用本文的权利
article-publisher-excerpt = 出版方只允许显示开头部分
article-publisher-summary = 出版方只允许显示摘要
article-publisher-none = 出版方只允许显示标题和链接
article-operator-excerpt = 本站只显示这个来源的文章开头
article-operator-summary = 本站只显示这个来源的文章摘要
article-operator-none = 本站只显示这个来源的文章标题
article-told-before = 同一报道此前已从另一来源收录

# Summaries and the passages of the article that carry their sentences.
article-summary-languages = 摘要语言
article-source = 正文依据 { $number }
article-back = 回到{ $summary }第 { $number } 句
article-original-title = 原标题

# What stands for an image: Image: alternative text (show at source).
article-image = 图片
article-image-at-source = （到来源网站查看）

article-rights = 本文版权归 { $site } 及其作者所有。
