# The names of languages, by their primary subtags (BCP 47). One that isn't here is named by its tag.

language-ar = Arabic
language-cs = Czech
language-da = Danish
language-de = German
language-el = Greek
language-en = English
language-es = Spanish
language-fa = Persian
language-fi = Finnish
language-fr = French
language-he = Hebrew
language-hi = Hindi
language-id = Indonesian
language-it = Italian
language-ja = Japanese
language-ko = Korean
language-nl = Dutch
language-pl = Polish
language-pt = Portuguese
language-ru = Russian
language-sv = Swedish
language-th = Thai
language-tr = Turkish
language-uk = Ukrainian
language-vi = Vietnamese
language-zh = Chinese
