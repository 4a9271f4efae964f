# The names of languages, by their primary subtags (BCP 47). One that isn't here is named by its tag.

language-ar = 阿拉伯文
language-cs = 捷克文
language-da = 丹麦文
language-de = 德文
language-el = 希腊文
language-en = 英文
language-es = 西班牙文
language-fa = 波斯文
language-fi = 芬兰文
language-fr = 法文
language-he = 希伯来文
language-hi = 印地文
language-id = 印尼文
language-it = 意大利文
language-ja = 日文
language-ko = 韩文
language-nl = 荷兰文
language-pl = 波兰文
language-pt = 葡萄牙文
language-ru = 俄文
language-sv = 瑞典文
language-th = 泰文
language-tr = 土耳其文
language-uk = 乌克兰文
language-vi = 越南文
language-zh = 中文
