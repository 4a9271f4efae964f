//! Summaries as models of different sizes write them, good ones and ones with something foreign, of articles about
//! technology, culture and companies: what names look like there, and what is left over there.

use kos_shared::event::{Language, Verdict};

use super::{super::Source, *};

const TECHNOLOGY: &str = "OpenAI chief executive Sam Altman said on Monday that GPT-4o, the company's new language model, would \
    be free. Apple unveiled the iPhone 15 Pro Max with a USB-C port and Wi-Fi 6E at its Los Angeles Auto Show stand. The \
    network X, formerly known as Twitter, posted it under the handle @OpenAI with the hashtag #ad. Developers call \
    chat.completions.create from a script called main.py. The sportswear maker adidas and the thermostat brand ecobee use \
    it. The World Health Organization (WHO) was told. The start-up behind llama.cpp and vLLM joined. The app costs $20 a \
    month. Kindle for PC is free. Kindle for PC is old.";

const CULTURE: &str = "President Alexander van der Bellen met Rodrigo de la Cruz of Médecins Sans Frontières in Vienna. The \
    Süddeutsche Zeitung said the film La vie en rose was shown with “Dances with Wolves” and A Crown of Salt and Sand. \
    The slogan is “Salt, it’s in us.” The restaurant El Pollo Feliz sells arroz con pollo. The parliament passed the \
    Gesetz zur Änderung des Grundgesetzes. Bibi d. Rover 70-44.";

const GERMAN: &str = "Die Digitalisierung ist ein Treiber des Wachstums, auch im Bereich Healthcare. Krankenhäuser brauchen mehr \
    Effizienz und bessere Prozesse, und das ist nicht nur wünschenswert. Die Messe startet wieder in Köln.";

const CHINESE: &str = "华为公司周三在深圳发布手机Mate 60 Pro。董事长梁华（Liang Hua）表示，研发投入将达1600亿元。vivo和oppo表示关注，\
    博主做了vlog和unboxing视频。比亚迪（BYD）涨3.2%。";

fn judged(source: &str, language: &str, text: &str) -> Finding {
    let language: Language = language.parse().unwrap_or_else(|e| panic!("{e}"));
    let source = Source { title: "", text: source, language: &Language::UNDETERMINED };
    check(&source, &Candidate::of(text, &language))
}

#[test]
fn good_chinese_summaries_pass() {
    for (source, text) in [
        (
            TECHNOLOGY,
            "OpenAI 首席执行官 Sam Altman 周一表示，GPT-4o 将免费开放。苹果发布 iPhone 15 Pro Max，支持 USB-C 和 Wi-Fi 6E。",
        ),
        (TECHNOLOGY, "社交平台X（原Twitter）的账号@OpenAI发布消息（#ad）。"),
        (TECHNOLOGY, "运动品牌adidas与ecobee接入该模型，App每月20美元。"),
        (TECHNOLOGY, "openai发布新模型，OPENAI官方账号发文。"),
        (TECHNOLOGY, "开发者可在main.py中调用chat.completions.create，也可使用llama.cpp和vLLM。"),
        (TECHNOLOGY, "参会者：1. Sam Altman；2. OpenAI；3. Apple。"),
        (TECHNOLOGY, "苹果与OpenAI周一发布新品。（OpenAI）"),
        (TECHNOLOGY, "Kindle for PC免费，苹果CEO未出席。"),
        (TECHNOLOGY, "洛杉矶车展（Los Angeles Auto Show）开幕，苹果亮相LA Auto Show。"),
        (CULTURE, "《盐与沙之冠》（A Crown of Salt and Sand）与《与狼共舞》（Dances with Wolves）上映。"),
        (CULTURE, "电影《La vie en rose》和“Dances with Wolves”上映。"),
        (CULTURE, "口号“Salt. It's in us.”引发讨论。"),
        (CULTURE, "口号为“盐，就在我们心中”（Salt, it’s in us），由议会通过。"),
        (
            CULTURE,
            "总统范德贝伦（Alexander van der Bellen）会见无国界医生（Médecins Sans Frontières）的Rodrigo de la Cruz。",
        ),
        (CULTURE, "议会通过《基本法修正案》（Gesetz zur Änderung des Grundgesetzes）。"),
        (CHINESE, "华为发布Mate 60 Pro，vivo和oppo表示关注，博主发布vlog和unboxing视频。"),
    ] {
        let found = judged(source, "zh", text);
        assert_eq!(found.verdict, Verdict::Pass, "{text}: {found:?}");
    }
}

#[test]
fn what_was_left_untranslated_in_chinese_fails() {
    for (source, text) in [
        (TECHNOLOGY, "洛杉矶Auto Show开幕。"),
        (TECHNOLOGY, "世界卫生Organization已获通知。"),
        (TECHNOLOGY, "发生了 Accident，苹果股价下跌。"),
        (TECHNOLOGY, "苹果讨论 Artificial Intelligence。"),
        (TECHNOLOGY, "该机构由 State Attorney General 领导。"),
        (TECHNOLOGY, "恒温器thermostat由苹果推出。"),
        (TECHNOLOGY, "公司的handle已更新。"),
        (TECHNOLOGY, "苹果发布新机。(Note: free for all)"),
        (TECHNOLOGY, "“Kindle for PC is free.”"),
        (TECHNOLOGY, "苹果发布手机，developers很高兴。"),
        (TECHNOLOGY, "ＯｐｅｎＡＩ　ａｎｎｏｕｎｃｅｄ　ａ　ｍｏｄｅｌ。"),
        (TECHNOLOGY, "首席执行官 Сэм Альтман 表示免费。"),
        (TECHNOLOGY, "pingguo fabu xin shouji，价格不变。"),
        (CULTURE, "总统称“we like the salt a lot and more”。"),
        (CULTURE, "The film 《玫瑰人生》上映。"),
        (CHINESE, "华为Saturday发布手机。"),
    ] {
        let found = judged(source, "zh", text);
        assert_eq!(found.verdict, Verdict::Fail, "{text}: {found:?}");
    }
}

#[test]
fn good_english_summaries_do_not_fail() {
    for (source, text) in [
        (CULTURE, "President Alexander van der Bellen met Rodrigo de la Cruz of Médecins Sans Frontières."),
        (CULTURE, "The restaurant El Pollo Feliz sells arroz con pollo."),
        (CULTURE, "The Gesetz zur Änderung des Grundgesetzes was passed, the Süddeutsche Zeitung reported."),
        (CULTURE, "Süddeutsche Zeitung reports"),
        (CULTURE, "Bibi d. Rover 70-44."),
        (CULTURE, "Film shown, slogan found, parliament passes law."),
        (TECHNOLOGY, "OpenAI Makes GPT-4o Free, Says Altman"),
        (TECHNOLOGY, "APPLE UNVEILS IPHONE 15 PRO MAX"),
        (TECHNOLOGY, "GPT-4o free, Apple shows iPhone"),
        (
            TECHNOLOGY,
            "New phone, free model, monthly app, thermostat brand, sportswear maker, start-up, script, port, hashtag, handle.",
        ),
        (GERMAN, "Hospitals need efficiency, the text says, and the fair in Köln opens again."),
        (CHINESE, "Huawei launched the Mate 60 Pro. Chairman Liang Hua (梁华) spoke; BYD (比亚迪) rose 3.2%."),
        (CHINESE, "Phone launch, research budget, share price."),
        ("Kindleや楽天koboにはアプリが用意されています。", "Rakuten Kobo (楽天kobo) also has an app."),
    ] {
        let found = judged(source, "en", text);
        assert_ne!(found.verdict, Verdict::Fail, "{text}: {found:?}");
    }
}

#[test]
fn short_sentences_in_another_language_fail() {
    for (source, text) in [
        (TECHNOLOGY, "OpenAI a publié GPT-5 lundi."),
        (TECHNOLOGY, "OpenAI hat GPT-4o vorgestellt."),
        (TECHNOLOGY, "OpenAI meluncurkan GPT-4o secara gratis."),
        (TECHNOLOGY, "Apple ha presentato il nuovo iPhone."),
        (TECHNOLOGY, "Apple onthult nieuwe iPhone."),
        (TECHNOLOGY, "Apple pokazuje nowy iPhone."),
        (TECHNOLOGY, "OpenAI unveiled a model. Apple presentó el iPhone."),
        (TECHNOLOGY, "OpenAI unveiled a model, com 20 dólares."),
        (TECHNOLOGY, "The new model is kostenlos verfügbar, Altman said."),
        (GERMAN, "Digitalisierung im Bereich Healthcare."),
        (GERMAN, "Die Messe startet wieder."),
        (GERMAN, "Hospitals need more Effizienz und bessere Prozesse."),
        (CHINESE, "A phone was launched by 华为公司."),
    ] {
        let found = judged(source, "en", text);
        assert_eq!(found.verdict, Verdict::Fail, "{text}: {found:?}");
    }
}
