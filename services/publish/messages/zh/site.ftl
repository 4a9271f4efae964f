# What stands on every page, and between its parts.

site-skip = 跳到正文
site-interface-language = 界面语言
site-feed = 订阅
site-to-front-page = 回到首页
# Between a label and what it labels.
site-colon = ：
# Between the items of a list in a sentence.
site-separator = 、
