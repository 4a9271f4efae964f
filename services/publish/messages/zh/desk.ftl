# 管理台。

desk-title = 管理台
desk-token = 管理令牌
desk-login = 登录
desk-logout = 退出
desk-wrong-token = 这不是 KOS_ADMIN_TOKEN 中的令牌。
desk-too-many = 错误的令牌太多，请等一分钟。
desk-foreign = 这个表单不是从管理台的页面发出的，或者会话已经结束。请登录后再试。
desk-failed = 操作没有成功
desk-back = 回到管理台

desk-stages = 处理流程
desk-stage = 阶段
desk-event = 事件
desk-pending = 待处理
desk-in-flight = 处理中
desk-handled = 最近一小时已处理
desk-oldest = 最早的已等待
desk-published = 最近一小时有 { $count } 篇文章上站
desk-workers = 工作进程
desk-no-workers = 没有工作进程应答。
desk-ready = 就绪
desk-not-ready = 未就绪
# 已决定、尚未发出的事件。
desk-outbox = 发件箱中有 { $count } 个

desk-dead-letters = 死信
desk-dead-count = { $count ->
        [0] 没有死信
       *[other] { $count } 封死信
    }
desk-no-dead-letters = 没有死信。
desk-more-dead-letters = 还有 { $count } 封更早的没有列出。
desk-attempts = 尝试了 { $count } 次
desk-replay = 重新处理
desk-discard = 丢弃

desk-feeds = 订阅源
desk-no-feeds = 没有订阅任何源。
desk-failing-feeds = { $count ->
        [0] 全部正常。
       *[other] 有 { $count } 个出了问题。
    }
desk-feed = 订阅源
desk-feed-state = 状态
desk-feed-read = 上次读取
desk-feed-next = 下次读取
desk-feed-a-day = 每天条目
desk-feed-problem = 问题

desk-retract = 撤回文章
desk-retract-article = 文章的地址、本站页面或编号
desk-retract-reason = 理由，读者会看到
desk-retract-do = 撤回
desk-retract-article-wrong = 应为文章的地址、本站页面的地址或编号。
desk-retract-reason-missing = 应填写读者能看懂的理由。

desk-comments = 评论
desk-no-comments = 没有待审核的评论。
desk-more-comments = 后面还有待审核的评论。
desk-comment-article = 所评文章
desk-approve = 通过
desk-reject = 拒绝
