# An article's page.

# Before the authors' names.
article-by = By{ " " }
article-published = Published
article-taken-in = Taken in
article-updated = Updated
article-original = Original
article-original-in = Original in { $language }
article-body = Article
article-read-on = Read on at the source
article-json = This page as JSON

article-words =
    { $count ->
        [one] { $count } word
       *[other] { $count } words
    }
article-characters =
    { $count ->
        [one] { $count } character
       *[other] { $count } characters
    }
article-minutes =
    { $count ->
        [one] { $count } minute to read
       *[other] { $count } minutes to read
    }

# Summaries, and how they were made.
article-summary = Summary
article-summary-in = Summary in { $language }
article-no-summary = No summary
article-no-summary-in = No summary in { $language }
article-excerpt = Excerpt: sentences taken from the article; no model was used.
# $reason is one of those below.
article-excerpt-because = Excerpt: sentences taken from the article, since { $reason }.
article-model = Written by the model { $model }.
article-model-unnamed = (not named)
article-checks-passed = Checks passed: { $checks }.
article-checks-failed = Checks failed: { $checks }.
article-checks-undecided = Could not be judged: { $checks }.

# Why there is no summary by a model.
article-missing-nothing = the text has no sentence that could be taken
article-missing-refused = the publisher refuses machine use
article-missing-no-model = no model is configured that could write it
article-missing-failed = no model's answer passed the checks
article-missing-record = most of what the model wrote lately failed the checks
article-missing-unavailable = no model could be used at the time
article-missing-spent = the day's use of models was spent

# The checks' names.
check-transport = transport
check-language = language
check-length = length
check-leaks = leaks
check-numbers = numbers
check-names = names
check-support = support
check-obedience = obedience
check-record = the model's record
check-verbatim = verbatim

# Rights.
article-rights-refused = The publisher reserves this article's use by machines
article-publisher-excerpt = The publisher allows only the beginning to be shown
article-publisher-summary = The publisher allows only summaries to be shown
article-publisher-none = The publisher allows only the title and a link to be shown
article-operator-excerpt = This site shows only the beginning of this source's articles
article-operator-summary = This site shows only summaries of this source's articles
article-operator-none = This site shows only the titles of this source's articles
article-told-before = The same story was taken in from another source before

# Summaries and the passages of the article that carry their sentences.
article-summary-languages = Language of the summary
article-source = Source { $number } in the article
article-back = Back to sentence { $number }: { $summary }
article-original-title = Original title

# What stands for an image: Image: alternative text (show at source).
article-image = Image
article-image-at-source = (show at source)

article-rights = All rights in this article remain with { $site } and its authors.
