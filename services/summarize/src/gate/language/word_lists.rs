//! Words by which names in Latin letters are told from words that a model forgot to translate; blanks part the entries.

/// Units and words in lower case that the press of other scripts writes in Latin letters.
pub(super) const LOWER_CASE: &str = "km kg mm cm nm dm ml mg kb mb gb tb kw kwh mw gw mph kph kmh bps kbps mbps gbps ppm rpm hz khz \
     mhz ghz db lb lbs ft oz sq cc hp nm bp bps pt px dpi fps rmb usd eur vs app apps vlog logo emoji wifi wi-fi plus \
     pro max mini cosplay email pdf ppt ph pm am adidas no µm vivo realme ofo iphone ipad ebay arxiv mrna dna url www com";

/// Words that are written with a capital in English and are none of a name's own: they have a translation everywhere.
pub(super) const TRANSLATABLE: &str = "monday tuesday wednesday thursday friday saturday sunday january february march april june \
     july august september october november december english chinese american british french german russian japanese \
     european president minister senator governor north south east west summary article news today";

/// What a person is, in front of a name; it has a translation though the source has it with a capital.
pub(super) const PERSON_TITLES: &str = "president minister prime senator governor mayor secretary chancellor professor judge coach \
     detective officer chairman ambassador gov sen rep";

/// Offices; with a capital beside a name or in one, they have a translation too.
pub(super) const OFFICES: &str = "minister governor senator attorney chancellor ambassador spokesperson spokesman spokeswoman congressman \
     congresswoman";

/// Words for what an institution, a place or an event is. Behind a translated name (`洛杉矶Auto Show`) they are the other
/// half of it.
pub(super) const KINDS: &str = "show festival organization organisation university college school institute department committee council \
     court museum hospital hotel church police army board agency office association foundation party league cup \
     conference airport station bridge park river lake mountain island islands province district county city state street \
     square government parliament senate house commission authority union bank exchange market centre center society \
     awards award prize championship championships olympics theatre theater hall stadium tower palace library airline airlines";

/// English words that are seldom a name or in one, though they have a capital: `发生了 Accident`.
pub(super) const COMMON: &str = "accident announcement artificial intelligence technology information development environment economy education \
     health healthcare security government population culture research researchers scientists study results report \
     reports police officials company companies customers people women men children students teachers workers \
     employees players fans residents citizens victims patients doctors protesters leaders members experts analysts \
     investors shareholders however therefore meanwhile although introduction conclusion background overview content \
     price prices free sales revenue earnings profit growth increase decrease percent million billion dollars euros \
     pounds year years month months week weeks day days hours minutes yesterday tomorrow spring summer autumn winter \
     important significant successful popular powerful dangerous beautiful available according including announced reported \
     said says launched released released opened closed killed injured arrested charged accused model models vehicle vehicles \
     electric product products service services system systems program programs project projects problem problems \
     solution solutions situation crisis impact effect effects breakthrough challenge challenges opportunity \
     performance quality experience design features update version platform software hardware device devices";

/// Whether `word`, in lower case, is one of the English words that are known here for being no names.
pub(super) fn is_common_english_word(word: &str) -> bool {
    is_list(COMMON, word) || is_list(KINDS, word) || is_list(OFFICES, word) || is_list(TRANSLATABLE, word)
}

/// Small words inside names (`Bank of America`), in lower case, if the whole name stands in the source.
pub(super) const PARTICLES: &str = "of the de du des del la le da do dos di von van der den zu te bin ibn al el y";

/// Words that are small ones in English and names too, where the source has them with a capital.
pub(super) const ALSO_NAMES: [&str; 6] = ["may", "will", "so", "an", "do", "my"];

/// First words of names that a half translation leaves out, and what it writes instead: `South Bend` → `南Bend`.
pub(super) const TRANSLATED_FIRST_WORDS: [(&str, &str); 14] = [
    ("South", "南"),
    ("North", "北"),
    ("East", "东東"),
    ("West", "西"),
    ("New", "新"),
    ("Black", "黑"),
    ("White", "白"),
    ("Red", "红紅"),
    ("Blue", "蓝藍"),
    ("Green", "绿綠"),
    ("Great", "大"),
    ("Big", "大"),
    ("Old", "老旧"),
    ("Little", "小"),
];

/// Words in front of a name that has no capital: `the sportswear maker adidas`.
pub(super) const BEFORE_NAME: &str = "called named dubbed company firm maker brand startup start-up app platform provider retailer giant label site \
     website tool";

/// Whether `word` is one of `words`.
pub(super) fn is_list(words: &str, word: &str) -> bool {
    words.split_whitespace().any(|w| w == word)
}

/// Whether `word` is a small word inside names.
pub(super) fn is_particle(word: &str) -> bool {
    PARTICLES.split(' ').any(|p| p == word)
}
