//! What models say beside a summary. All in lower case; a bar parts the entries of a text.

/// Marks of chat templates and of reasoning, anywhere.
pub(super) const MARKS: &[&str] = &[
    "<think",
    "</think",
    "◁think",
    "◁/think",
    "<|",
    "|>",
    "<｜",
    "｜>",
    "[inst]",
    "[/inst]",
    "<<sys>>",
    "<s>",
    "</s>",
    "<bos>",
    "<eos>",
    "<unk>",
    "<pad>",
    "<start_of_turn>",
    "<end_of_turn>",
    "[|assistant|]",
    "[|user|]",
    "### response",
    "### instruction",
    "### input",
    "### assistant",
    "### summary",
    "<tool_call",
    "<answer>",
    "```",
    "~~~",
    "\\n\\n",
    "\\u00",
    "<!--",
    "&nbsp;",
    "&lt;",
    "&quot;",
    "{\"",
    "\"summary\"",
    "'summary':",
    "\"title\":",
    "](http://",
    "](https://",
    "[insert",
    "lorem ipsum",
];

/// Labels with a colon behind them, at a line's start.
pub(super) const LABELS: &str = "summary|the summary|short summary|brief summary|summary of the article|article summary|news summary|\
    title|headline|assistant|user|system|human|ai|response|answer|output|final answer|final summary|reasoning|thought|\
    thoughts|thinking|analysis|article|instruction|instructions|translation|english|chinese|in english|in chinese|\
    english summary|chinese summary|note|tl;dr|key points|main points|摘要|标题|概括|总结|概要|摘要如下|总结如下|概括如下|新闻摘要|\
    文章摘要|中文摘要|英文摘要|简体中文摘要|文章概括|译文|翻译|助手|用户|系统|回答|答|输出|回复|思考|推理|原文|文章|中文|英文|注|注意|要点|主要内容|本文摘要|本文总结|新闻概要|内容摘要|这篇文章的主要内容是|文章的主要内容是|本文的主要内容是|\
    the summary of the article is as follows|標題|總結|摘要翻譯|譯文";

/// How an answer begins that talks to the one who asked, a mark behind it.
pub(super) const GREETINGS: &str = "sure|sure thing|certainly|of course|absolutely|okay|ok|alright|no problem|got it|understood|\
    好的|好|当然|当然可以|没问题|可以|明白了|收到|當然|沒問題|没有问题";

/// How an answer begins that announces a summary; what is announced ([`ANNOUNCED`]) has to follow.
pub(super) const ANNOUNCEMENTS: &str = "here is|here's|here’s|here are|below is|below are|the following is|the following are|this is a|\
    this is the|i'll summarize|i will summarize|i have summarized|i've summarized|i'd be happy|let me summarize|here you go|\
    i have read|i've read|as requested|以下是|下面是|\
    以下为|这是|这里是|根据您|根据你|根据提供|以下是对|這是|為您|为您|我将|我会|我來|我来";

/// What is announced.
pub(super) const ANNOUNCED: &str = "summar|translation|translated|headline|sentence|overview|article|rewrit|摘要|总结|概括|概要|翻译|译文|\
    改写|總結|概述|翻譯|提供的|两句|三句|几句";

/// How a text begins that tells of the article instead of what happened: what it calls the article, then what it says of
/// it.
pub(super) const ARTICLE: &str = "the article|this article|the news article|this news article|the text|this text|the passage|\
    this passage|the given article|the given text|本文|这篇文章|该文章|这篇新闻|该新闻|这篇报道|文章|這篇文章|該文章";
pub(super) const TOLD_OF_ARTICLE: &str = "is about|is a|discusses|describes|talks about|provides|explores|covers|highlights|\
    focuses on|reports on|reports that|outlines|details|tells|explains|summarizes|summarises|presents|mentions|states|\
    主要|讲述|讲了|介绍|讨论|描述|报道了|探讨|阐述|分析|提到|概述|总结|討論|介紹|講述";

/// What a model says of itself or to the one who asked, anywhere.
pub(super) const SELF_TALK: &str = "as an ai|as a language model|as a large language model|i'm an ai|i am an ai|i'm just an ai|\
    i cannot provide|i cannot assist|i cannot fulfill|i cannot access|i cannot summarize|i cannot help|i cannot create|\
    i can't provide|i can't assist|i can't fulfill|i can't access|i can't summarize|i can't help with|i'm sorry, but|\
    i am sorry, but|i apologize|i'm unable to|i am unable to|i don't have access|no summary available|\
    no summary is available|summary not available|summary unavailable|unable to summarize|cannot be summarized|\
    unable to provide a summary|cannot provide a summary|hope this helps|hope that helps|let me know if|\
    is there anything else i|would you like me to|if you have any questions|the user wants|the user asked|the user asks|would you like more|would you like a|总结如下|概括如下|摘要如下|用户让我|\
    the user is asking|user's request|word count:|article you provided|text you provided|article you've provided|\
    provided article|provided text|text provided|article provided|please provide the|please provide more|\
    this summary was|this summary is|note that this summary|in this summary|the summary should|i need to summarize|\
    作为一个ai|作为一名ai|作为ai|作为一个人工智能|作为人工智能|作为一个语言模型|作为语言模型|作为一个大语言模型|我是一个ai|\
    我是ai|我无法提供|我无法访问|我无法总结|我无法概括|我无法回答|我无法协助|我无法满足|我无法生成|我不能提供|抱歉，我|\
    对不起，我|抱歉,我|无法总结|无法概括|无法生成摘要|无法提供摘要|没有可用的摘要|暂无摘要|没有摘要|希望这能|希望这个摘要|\
    希望以上|如果您有|如果你有任何|如有其他|如有任何|请告诉我|您提供的|你提供的|请提供文章|请提供原文|请提供更多|\
    请提供需要|请提供具体|用户要求|用户希望|以上是对|以上就是|以上是文章|以上为|字数：|字数:|请注意，以上|作為一個ai|\
    作為ai|我無法提供|無法總結|無法概括|希望這|您提供的文章|提供的文章|提供的文本";
