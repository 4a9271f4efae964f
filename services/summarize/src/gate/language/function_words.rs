//! Languages of the Latin script, told apart by their small words.
//!
//! A line of news is two fifths small words, and each language has its own; a list of the fifty to a hundred most
//! frequent ones of a language tells more about a clause of six words than statistics over letters do, and it has no
//! opinion about a clause that is all names.

use std::{collections::HashMap, sync::LazyLock};

use kos_shared::event::Language;

/// The languages with a list, and their small words: articles, pronouns, prepositions, conjunctions, auxiliaries.
const LISTS: [(&str, &str); 9] = [
    (
        "en",
        "the and of to a in is it that for on was with as at by be this have from or had not are but his they she he \
         her which you one we all were there their been has when who will more no if out so up said what its about \
         than into them can only other some could would these may then do any my now over such our your me most after \
         also many before through where how because while during both between under since until against according \
         being did does an i him us those just not very too yet per among amid due near off down upon within without \
         it's that's doesn't don't isn't wasn't weren't hasn't haven't didn't won't can't couldn't i'm we're they're \
         you're he's she's i've we've you've they've there's what's who's let's i'll we'll you'll are're",
    ),
    (
        "de",
        "der die das und ist von den dem des ein eine einer eines einem einen nicht mit sich auf für als auch es an \
         werden aus er hat dass sie nach wird bei um am sind noch wie einen über zum war haben nur oder aber vor zur \
         bis mehr durch man sein wurde sei hatte kann gegen vom können schon wenn habe seine ihre unter wir ich ihr \
         im in zu so was wurden soll sollen keine kein seit beim waren ihren seiner zwischen damit diese dieser dieses \
         diesem diesen jedoch wegen während ohne laut \
         neue neuen neuer neues heute gestern sowie deutlich bereits erstmals insgesamt wieder dabei",
    ),
    (
        "fr",
        "le la les de des du un une et est en dans que qui pour pas sur au aux par plus ne se ce il elle ils elles avec \
         son sa ses ont été mais ou où sont leur leurs cette ces comme fait être avoir après tout nous vous je on y \
         était selon entre sans sous depuis lors aussi même deux très contre avant peut dont donc ainsi d'un d'une \
         c'est qu'il n'est n'a fois chez dès déjà afin ceux celle encore notre votre étaient ont cet leurs ans jour peu \
         vers toute toutes tous certains plusieurs parce car l'on j'ai l'un qu'elle s'est a à \
         lundi mardi mercredi jeudi vendredi samedi dimanche nouveau nouvelle nouveaux nouvelles gratuit",
    ),
    (
        "es",
        "el la los las de del que y en un una es se no por con para al lo como más o su sus pero ha fue este esta \
         entre cuando muy sin sobre también hasta hay donde quien desde todo nos durante todos uno les ni contra otros \
         ese eso ante ellos esto antes algunos unos yo otro otras otra él tanto esa estos mucho nada poco ella sido \
         son según han había está están tras sea era ser tiene a le me porque \
         después además así aquí mientras aunque cada dos parte días unas nuestro debe pueden puede hacer \
         lunes martes jueves viernes domingo nuevo nueva nuevos nuevas gratis primera",
    ),
    (
        "pt",
        "o a os as de do da dos das que e em um uma é se não por com para ao à no na nos nas mais como mas foi ele ela \
         eles seu sua seus suas ou ser quando muito há já está eu também só pelo pela até isso entre era depois sem \
         mesmo aos ter quem me esse essa num nem às minha têm numa pelos elas havia seja qual será nós tenho lhe deles \
         essas esses pelas este esta são você vocês foram aqui aquele \
         segunda-feira terça-feira quarta-feira quinta-feira sexta-feira domingo novo novos novas grátis primeira grupo",
    ),
    (
        "it",
        "il lo la i gli le di del della dei delle degli dello che e è un una uno in per non con si da dal dalla sono \
         al alla ai alle ha nel nella nei nelle come anche più ma ed se sul sulla questo questa quello hanno essere \
         stato stata loro suo sua suoi dopo ci quando tra fra era o a ne chi cui senza anni dell' nell' all' perché \
         già molto tutti tutto dove ancora contro dopo sarà secondo \
         fino quella quelli prima mentre stati state queste questi dai dagli sui oltre durante proprio ogni \
         nuovo nuovi nuove gratuito",
    ),
    (
        "nl",
        "de het een en van in is dat op te zijn met voor niet die er aan om ook als dan maar bij of uit nog naar heeft \
         hij ze wordt door over tot was werd zich hebben deze worden kan haar geen al meer onder had wel wat na moet \
         zo veel tegen dit we zij ik je hun hem omdat waar volgens tussen tijdens werden zal zou toen kunnen \
         maandag dinsdag woensdag donderdag vrijdag zaterdag zondag nieuwe gratis",
    ),
    (
        "id",
        "yang dan di itu dengan untuk tidak ini dari dalam akan pada juga saya ke karena tersebut bisa ada mereka lebih \
         kata tahun sudah atau saat oleh menjadi orang ia telah adalah seperti sebagai bahwa dapat para harus namun \
         kita dua satu masih hari hanya mengatakan kepada kami setelah melakukan lalu belum lain dia kalau terjadi \
         banyak menurut anda hingga tak baru beberapa ketika jika jadi sebelum tapi sebuah \
         secara kaum jenis boleh suatu merupakan",
    ),
    (
        "sv",
        "och att det i som på är av för en med till den har de inte om ett han men var jag sig från vi så kan man när \
         år säger hon under också efter eller nu sin där vid mot ska skulle kommer ut får finns vara hade alla andra \
         mycket än här då sedan över bara in blir upp även vad få två vill ha många hur mer går sverige kronor detta \
         nya procent skall hade \
         måndag tisdag onsdag torsdag fredag lördag söndag",
    ),
];

/// Small words of other languages that are also English words, too frequent or too much at home in names to speak
/// against English.
const ALSO_ENGLISH: &str = "war hat den man also sein bin gut will plus comment pour son sur con sin sea era ser come \
     van over are want door men even ten toe bent die dies am sang las los el la le les des du de da di del est ad al \
     par dont on non per se sons ma pas me ne fait tout lo hay algo solo todo ante y e o i is had was of we die een ni \
     dos das dem em os as no na ha me nos si ed ai ne tot er om ze bij dan wat al na kan dit id den sig vi far ut in up \
     vid mot mer kata para dia hari lain les lain ke ada tak baru anda a an so do for entre sans sous vous au ils uno \
     und il che dove sera pro sang haber car et encore jour till hem om var bis yo cada kami ska ohne state met \
     sedan com von um aux chi dal";

/// English words that are written with an accent.
const ACCENTED_ENGLISH: &str = "café cafés cliché clichés clichéd naïve naïveté résumé résumés fiancé fiancée façade façades \
     déjà protégé protégée protégés exposé décor sauté sautéed sautéing purée puréed crème brûlée jalapeño jalapeños \
     piñata señor señora über élite élites entrée entrées soirée matinée cortège émigré émigrés touché blasé passé \
     attaché communiqué risqué vis-à-vis château crêpe crêpes pâté père doppelgänger açaí rosé soufflé mañana coöperate \
     étude née né première débutante mélange ménage frappé appliqué habañero quinceañera fútbol pokémon";

/// A set of the languages in [`LISTS`], a bit a language.
type Set = u16;

static LANGUAGES_OF: LazyLock<HashMap<&'static str, Set>> = LazyLock::new(|| {
    let mut table: HashMap<&str, Set> = HashMap::new();
    for (at, (_, words)) in LISTS.iter().enumerate() {
        for word in words.split_whitespace() {
            *table.entry(word).or_default() |= 1 << at;
        }
    }
    table
});

/// What the small words of a text say about its language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Says {
    /// It is the language asked for.
    Wanted,
    /// It is another one.
    Another,
    /// Too little to tell.
    Nothing,
}

/// From how many words without one small word of the wanted language on a text is in another language, known or not.
/// Of the sentences of the development corpora's good summaries with that many words (names not counted), each has one.
const MIN_WORDS_WITHOUT: usize = 12;

/// The same where a small word of another language stands among them.
const MIN_WORDS_AMONG: usize = 8;

/// What share of a text's words (names not counted) are small words of its language at least. In English news it is
/// about a half; one of 481 good summaries of the development corpora, in telegram style, has less
/// than 0.12, none less than this.
const MIN_SHARE: f64 = 0.06;

/// How many different small words of another language, none of the wanted one between them, make a foreign passage.
const MIN_FOREIGN_RUN: usize = 3;

/// Tells one language of the Latin script from the others.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted(Set);

impl Wanted {
    /// For `language`; `None` where there is no list for it.
    pub(super) fn of(language: &Language) -> Option<Self> {
        let primary = if language.primary() == "ms" { "id" } else { language.primary() };
        LISTS.iter().position(|(l, _)| *l == primary).map(|at| Self(1 << at))
    }

    fn is_english(self) -> bool {
        self.0 == 1
    }

    /// Which languages `word`, in lower case, is a small word of, and whether it weighs little: no evidence alone.
    fn languages(self, word: &str) -> (Set, bool) {
        let set = LANGUAGES_OF.get(word).copied().unwrap_or_default();
        (set, self.is_english() && set & self.0 == 0 && set != 0 && ALSO_ENGLISH.split_whitespace().any(|w| w == word))
    }

    /// What a clause says, by its `words` in lower case, names left out.
    pub(super) fn clause(self, words: &[String]) -> Says {
        let (mut all, mut run) = (Foreign::default(), Foreign::default());
        let (mut own, mut only_own, mut foreign) = (0, 0, 0);
        for word in words {
            let (set, weak) = self.languages(word);
            let (set, weak) = if self.is_accented(word) { (Set::MAX & !self.0, false) } else { (set, weak) };
            if set & self.0 != 0 {
                own += 1;
                if set == self.0 {
                    only_own += 1;
                    run = Foreign::default();
                }
            } else if set != 0 {
                foreign += 1;
                all.add(word, set, weak);
                run.add(word, set, weak);
                if run.is_passage() {
                    return Says::Another;
                }
            }
        }
        let alone = own == 0 && words.len() >= 2 && all.has_full();
        if only_own == 0 && (alone || (all.is_clause() && foreign >= own)) {
            return Says::Another;
        }
        if only_own > 0 || own >= 2 { Says::Wanted } else { Says::Nothing }
    }

    /// Whether `word`, in lower case, is a small word of this language and of no other one.
    pub(super) fn is_only_own(self, word: &str) -> bool {
        self.languages(word).0 == self.0
    }

    /// Whether `word`, in lower case, is a small word of this language.
    pub(super) fn is_own(self, word: &str) -> bool {
        self.languages(word).0 & self.0 != 0
    }

    /// Whether `word`, in lower case, is a small word of another language and not of this one.
    pub(super) fn is_of_another(self, word: &str) -> bool {
        let (set, _) = self.languages(word);
        set != 0 && set & self.0 == 0
    }

    /// Whether `word`, in lower case, is a small word of another language that is evidence alone.
    pub(super) fn is_evidence(self, word: &str) -> bool {
        let (set, weak) = self.languages(word);
        set != 0 && set & self.0 == 0 && !weak
    }

    /// Whether `word` has a letter that English has not, where that is what is wanted.
    pub(super) fn is_accented(self, word: &str) -> bool {
        self.is_english()
            && word.chars().any(|c| c.is_alphabetic() && !c.is_ascii())
            && !ACCENTED_ENGLISH.split_whitespace().any(|w| w == word)
    }

    /// What a whole text says, by its `words` in lower case, names left out.
    pub(super) fn text(self, words: &[String]) -> Says {
        match words.len() >= MIN_WORDS_WITHOUT {
            true if (self.own(words) as f64) < MIN_SHARE * words.len() as f64 => Says::Another,
            true => Says::Wanted,
            false => Says::Nothing,
        }
    }

    /// Whether a sentence is too long to have not one small word of the wanted language, as it has. An enumeration has
    /// few, so that a share says nothing about it.
    pub(super) fn misses(self, words: &[String]) -> bool {
        let another = || words.iter().any(|w| self.languages(w).0 & !self.0 != 0);
        self.own(words) == 0 && (words.len() >= MIN_WORDS_WITHOUT || (words.len() >= MIN_WORDS_AMONG && another()))
    }

    fn own(self, words: &[String]) -> usize {
        words.iter().filter(|w| self.languages(w).0 & self.0 != 0).count()
    }
}

/// The different small words of other languages in a clause, each with its languages and whether it weighs little.
#[derive(Default)]
struct Foreign<'a>(Vec<(&'a str, Set, bool)>);

impl<'a> Foreign<'a> {
    fn add(&mut self, word: &'a str, set: Set, weak: bool) {
        if !self.0.iter().any(|(w, ..)| *w == word) {
            self.0.push((word, set, weak));
        }
    }

    /// The most words that are of one and the same language: those with full weight, and all of them.
    fn of_one_language(&self) -> impl Iterator<Item = (usize, usize)> + '_ {
        (0..LISTS.len()).map(|at| {
            let of_it = || self.0.iter().filter(move |(_, set, _)| set & (1 << at) != 0);
            (of_it().filter(|(.., weak)| !weak).count(), of_it().count())
        })
    }

    /// Whether one has full weight.
    fn has_full(&self) -> bool {
        self.0.iter().any(|(.., weak)| !weak)
    }

    /// Enough for a passage inside of a clause in the wanted language.
    fn is_passage(&self) -> bool {
        self.of_one_language().any(|(full, all)| full >= MIN_FOREIGN_RUN || (full >= 1 && all > MIN_FOREIGN_RUN))
    }

    /// Enough for a clause with nothing that only the wanted language has.
    fn is_clause(&self) -> bool {
        self.of_one_language().any(|(full, all)| full >= 2 || (full >= 1 && all >= 3) || all >= 4)
    }
}

/// Whether `word`, in any case, is a small word of a language with a list.
pub(super) fn is_small_word(word: &str) -> bool {
    LANGUAGES_OF.contains_key(word.to_lowercase().as_str())
}

/// Whether `word`, in any case, is a small English word: one that no name consists of.
pub(super) fn is_small_english_word(word: &str) -> bool {
    LANGUAGES_OF.get(word.to_lowercase().as_str()).is_some_and(|set| set & 1 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn says(language: &str, clause: &str) -> Says {
        let wanted = Wanted::of(&language.parse().unwrap()).unwrap();
        wanted.clause(&clause.split_whitespace().map(str::to_lowercase).collect::<Vec<_>>())
    }

    #[test]
    fn a_clause_is_told_by_its_small_words() {
        for (language, clause) in [
            ("en", "the council will reopen the bridge after repairs"),
            ("en", "people die in the war and the man had a hat on"),
            ("de", "die Brücke wird nach der Reparatur wieder geöffnet"),
            ("fr", "le pont sera rouvert après les travaux"),
            ("es", "el puente se abrirá después de las obras"),
            ("pt", "a ponte não será aberta antes das obras"),
            ("it", "il ponte sarà riaperto dopo i lavori della città"),
            ("nl", "de brug wordt na de werken weer geopend voor het verkeer"),
            ("id", "jembatan itu akan dibuka setelah perbaikan"),
            ("sv", "bron kommer att öppnas efter reparationen och det är klart"),
        ] {
            assert_eq!(says(language, clause), Says::Wanted, "{clause}");
            if language != "en" {
                assert_eq!(says("en", clause), Says::Another, "{clause}");
            } else {
                assert_eq!(says("de", clause), Says::Another, "{clause}");
            }
        }
    }

    #[test]
    fn a_switch_inside_a_clause_is_seen() {
        assert_eq!(says("en", "the minister said que a situação não pode continuar já que está grave"), Says::Another);
        assert_eq!(says("de", "die Ministerin sagte that the situation could not continue"), Says::Another);
    }

    #[test]
    fn names_and_loan_words_say_nothing_against_english() {
        assert_eq!(says("en", "prix de la ville des"), Says::Nothing);
        assert_eq!(says("en", "the de facto leader was en route per se"), Says::Wanted);
    }

    #[test]
    fn a_long_text_without_small_words_of_the_language_is_none_of_it() {
        let wanted = Wanted::of(&Language::ENGLISH).unwrap();
        let words = |text: &str| text.split_whitespace().map(str::to_lowercase).collect::<Vec<_>>();
        let swahili = "daraja litafunguliwa tena baada ya matengenezo kumalizika mwezi ujao kwa mujibu wa meya wa jiji";
        assert_eq!(wanted.text(&words(swahili)), Says::Another);
        assert_eq!(wanted.text(&words("bridge reopened")), Says::Nothing);
        assert!(Wanted::of(&"fi".parse().unwrap()).is_none());
    }
}
