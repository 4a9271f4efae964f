# What readers say about articles.

comments-title = { $count ->
    [0] 评论
   *[other] { $count } 条评论
}
comments-none = 暂无评论
comments-post = 发表评论
comments-replying = 回复评论
comments-editing = 修改评论
comments-deletion = 要删除这条评论吗？
comments-name = 昵称
comments-text = 评论
comments-send = 提交
# The label of a field that people don't see, for those whose browser reads it to them.
comments-trap = 请将此栏留空
comments-rules = 仅限纯文本，空一行另起一段，最多 { $links } 个链接。发表后 10 分钟内可以修改或删除。
comments-rules-moderated = 评论经审核后显示。
comments-reply = 回复
comments-edit = 修改
comments-delete = 删除
comments-keep = 保留
comments-back = 回到文章
comments-changed = 已修改
comments-waits = 等待审核，仅自己可见
comments-deleted = 该评论已删除
comments-feed = 评论

# What happened to a comment.
comments-notice-waiting = 谢谢。评论正在等待审核，通过之前只有您自己能看到。
comments-notice-posted = 谢谢。评论已发表。
comments-notice-deleted = 评论已删除。

# Why a comment was not taken.
comments-name-missing = 昵称：至少要有一个可见的字符。
comments-name-too-long = 昵称：最多 { $limit } 个字符。
comments-text-missing = 评论：至少要有一个可见的字符。
comments-text-too-long = 评论：最多 { $limit } 个字符。
comments-too-many-links = 评论中最多 { $limit } 个链接，昵称中不能有链接。
comments-trapped = 应当留空的一栏被填写了。请清空后重新提交。
comments-form-unknown = 无法识别这份表单。请在此重新提交。
comments-form-too-old = 表单打开已超过一天。请重新提交。
comments-too-fast = 提交得太快了。请等几秒钟再提交。
comments-elsewhere = 表单是从其他网站提交的，未作处理。请在此重新提交。
comments-duplicate = 这篇文章下已有相同内容的评论。
comments-nothing-to-answer = 要回复的评论已不存在，或者它本身就是回复。
comments-address-limit = 来自您所在网络的评论过多。请稍后再试。
comments-global-limit = 当前评论过多。请过几分钟再试。
comments-too-late = 评论只能在发表后 10 分钟内修改，现已超时。
comments-too-many-changes = 这条评论的修改次数过多。
comments-not-yours = 只有作者能修改这条评论，并且要使用发表时的浏览器。
comments-changed-meanwhile = 评论刚刚发生了变化。请重新查看。

# The feed.
comments-feed-title = { $site }：评论
comments-feed-entry = { $name } 评论《{ $title }》
