# Search: the field in every page's header, and the page of results.

search-title = Search
search-words = Words to search for
search-button = Search
search-filters = Filters
search-language = Language
search-any-language = Any language
search-source = Source
search-from = From
search-to = To
search-next = More results
search-further = Further results

search-results =
    { $count ->
        [0] No articles found. Fewer or other words may find some.
        [one] { $count } article
       *[other] { $count } articles
    }
search-more-than = More than { $count } articles; the newest { $count } of them stand here by relevance, then the older ones by date
search-no-words = There are no words in this that could be searched for.
search-gave-up = The search took too long and was given up. Rarer words are found faster.
search-gave-up-on-older = The search took long, so only the newest articles were looked at. “More results” goes on with the older ones.
search-busy = Too many searches are at work at this moment. Please try again in a few seconds.

search-unreadable-language = The language “{ $value }” is not known; a tag such as zh or en was expected.
search-unreadable-from = The first day “{ $value }” can’t be read; a day such as 2026-01-31 was expected.
search-unreadable-to = The last day “{ $value }” can’t be read; a day such as 2026-01-31 was expected.
search-unreadable-after = The place where the page begins, “{ $value }”, can’t be read; these are the first results.
search-unreadable-limit = The number of results “{ $value }” can’t be read; a number from 1 to 100 was expected.
