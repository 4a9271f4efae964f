# Pages that say why there is no page.

error-not-found = 没有这个页面
error-not-found-text = 这个地址没有内容。链接可能有误，或者文章还没有收录。
error-gone = 文章已撤回
# A reason follows, in the words of whoever retracted it.
error-gone-text = 这篇文章曾在这里，现已撤回。原因：
error-internal = 出错了
error-internal-text = 服务器没能生成这个页面。错误已记录，请稍后再试。
