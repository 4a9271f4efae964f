//! Simplified against Traditional Chinese, by characters that only one of them has.
//!
//! Source of the pairs: the general table of simplified characters (1986), the frequent ones of it. Left out are
//! forms that both use in some sense (后, 里, 云, 干, 台, 着, 乾, 瞭).

use std::{collections::HashMap, sync::LazyLock};

use kos_shared::{
    event::Language,
    text::script::{is_han, is_kana},
};

/// Simplified and Traditional form, in turns.
const PAIRS: &str = "爱愛罢罷败敗办辦帮幫宝寶报報贝貝备備笔筆币幣毕畢边邊变變标標别別宾賓补補参參蚕蠶残殘惨慘仓倉层層产產长長\
    尝嘗厂廠场場车車陈陳称稱惩懲迟遲齿齒冲衝虫蟲丑醜础礎处處触觸传傳创創辞辭聪聰从從达達带帶担擔胆膽单單当當党黨导導\
    岛島灯燈邓鄧敌敵递遞点點电電东東动動独獨读讀断斷队隊对對吨噸夺奪恶惡儿兒尔爾发發范範飞飛费費坟墳奋奮丰豐风風凤鳳\
    妇婦复復盖蓋赶趕刚剛纲綱钢鋼岗崗个個给給巩鞏贡貢沟溝构構购購够夠顾顧关關观觀馆館惯慣广廣归歸龟龜规規柜櫃贵貴国國\
    过過汉漢号號红紅护護华華划劃画畫话話怀懷坏壞欢歡环環还還换換汇匯会會获獲祸禍击擊机機积積极極级級纪紀际際济濟继繼\
    计計记記绩績夹夾价價坚堅间間艰艱监監检檢见見键鍵剑劍将將浆漿奖獎讲講酱醬胶膠阶階节節结結洁潔紧緊仅僅进進尽盡惊驚\
    经經竞競净淨镜鏡旧舊举舉剧劇据據惧懼卷捲军軍开開壳殼垦墾恳懇块塊矿礦亏虧来來蓝藍兰蘭览覽烂爛劳勞乐樂类類泪淚离離\
    礼禮历歷丽麗励勵联聯连連恋戀练練粮糧两兩辆輛疗療辽遼临臨邻鄰灵靈岭嶺龄齡领領刘劉龙龍楼樓卢盧陆陸录錄虑慮绿綠乱亂\
    论論罗羅逻邏妈媽马馬买買卖賣麦麥满滿贸貿么麼没沒门門们們梦夢灭滅闵閔鸣鳴难難脑腦闹鬧鸟鳥农農浓濃诺諾欧歐盘盤赔賠\
    贫貧频頻评評凭憑扑撲齐齊骑騎启啟气氣迁遷签簽钱錢枪槍墙牆强強桥橋亲親轻輕庆慶穷窮区區趋趨权權劝勸确確让讓扰擾热熱\
    认認荣榮软軟锐銳润潤洒灑伞傘扫掃杀殺伤傷赏賞设設审審声聲胜勝圣聖师師诗詩湿濕时時实實识識势勢视視适適试試释釋寿壽\
    书書术術树樹数數双雙谁誰税稅顺順说說丝絲苏蘇诉訴虽雖随隨岁歲孙孫损損态態谈談坛壇汤湯讨討铁鐵厅廳听聽图圖团團湾灣\
    万萬网網为為违違围圍卫衛伟偉伪偽问問稳穩务務雾霧习習戏戲细細系係侠俠吓嚇显顯险險现現县縣献獻乡鄉响響项項协協胁脅\
    写寫兴興须須许許续續选選学學寻尋训訓压壓亚亞严嚴盐鹽颜顏阳陽养養样樣药藥爷爺业業叶葉医醫亿億义義艺藝忆憶议議异異\
    译譯阴陰银銀饮飲隐隱应應赢贏营營优優邮郵犹猶游遊鱼魚渔漁与與语語预預员員园園圆圓远遠愿願约約阅閱运運杂雜载載\
    灾災脏髒则則择擇责責贼賊赠贈债債战戰张張账賬赵趙针針阵陣镇鎮争爭证證郑鄭织織职職执執纸紙质質钟鐘终終种種众眾\
    昼晝猪豬诸諸烛燭专專转轉赚賺庄莊装裝壮壯状狀资資总總纵縱组組钻鑽最最这這却卻将將线線维維综綜统統绝絕编編纷紛\
    较較辑輯轮輪输輸边邊迈邁遗遺锁鎖错錯锋鋒闻聞阔闊陕陝颁頒额額题題飘飄饭飯馈饋驾駕驶駛验驗骗騙鲁魯鲜鮮";

/// Traditional forms that Simplified texts don't have, whose Simplified form Traditional texts may have.
const ONLY_TRADITIONAL: &str = "後裡裏麵雲製餘穀鬆錶徵準幾鬥髮隻臺颱週誌姪託佈佔併嚐彆纔";

/// From how many characters of the wrong variant on, and from what share of those that tell the variants apart, a
/// text is in the wrong one. Beside right-variant text, a quoted name or a character that slipped in makes a few: of 35
/// real Simplified pages none has a larger share than 0.013, of the small models' outputs none has any.
const MIN_WRONG: usize = 3;
const MAX_WRONG_SHARE: f64 = 0.3;

/// A variant of written Chinese.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Variant {
    Simplified,
    Traditional,
}

impl Variant {
    /// The variant that readers of `language` are used to: by its script subtag, else by its region; Simplified where
    /// neither is given. `None` for what is no Chinese.
    pub(super) fn of(language: &Language) -> Option<Self> {
        if !matches!(language.primary(), "zh" | "cmn" | "yue" | "wuu" | "hak" | "nan") {
            return None;
        }
        Some(if language.names_traditional_characters() { Self::Traditional } else { Self::Simplified })
    }
}

static VARIANT_OF: LazyLock<HashMap<char, Variant>> = LazyLock::new(|| {
    let pairs: Vec<char> = PAIRS.chars().filter(|c| is_han(*c)).collect();
    let mut table = HashMap::new();
    for pair in pairs.chunks_exact(2).filter(|pair| pair[0] != pair[1]) {
        table.insert(pair[0], Variant::Simplified);
        table.insert(pair[1], Variant::Traditional);
    }
    // Both variants use these.
    for both in "后里云干台冲丑范复划卷系游征准几斗才只丰".chars() {
        table.remove(&both);
    }
    table.extend(ONLY_TRADITIONAL.chars().map(|c| (c, Variant::Traditional)));
    table
});

/// Whether `text` is written in the other variant than `wanted`. Japanese is not looked at.
pub(super) fn is_in_the_other_variant(text: &str, wanted: Variant) -> bool {
    if text.chars().any(is_kana) {
        return false;
    }
    let (mut wrong, mut told) = (0_usize, 0_usize);
    for variant in text.chars().filter_map(|c| VARIANT_OF.get(&c)) {
        told += 1;
        wrong += usize::from(*variant != wanted);
    }
    wrong >= MIN_WRONG && wrong as f64 > MAX_WRONG_SHARE * told as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tag_says_the_variant() {
        for (tag, variant) in [
            ("zh", Some(Variant::Simplified)),
            ("zh-CN", Some(Variant::Simplified)),
            ("zh-SG", Some(Variant::Simplified)),
            ("zh-Hans-HK", Some(Variant::Simplified)),
            ("zh-TW", Some(Variant::Traditional)),
            ("zh-HK", Some(Variant::Traditional)),
            ("zh-Hant", Some(Variant::Traditional)),
            ("ja", None),
            ("en", None),
        ] {
            assert_eq!(Variant::of(&tag.parse().unwrap()), variant, "{tag}");
        }
    }

    #[test]
    fn the_table_has_pairs_only() {
        let pairs: Vec<char> = PAIRS.chars().filter(|c| is_han(*c)).collect();
        assert_eq!(pairs.len() % 2, 0);
        assert!(VARIANT_OF.len() > 700, "{}", VARIANT_OF.len());
        for (at, pair) in pairs.chunks_exact(2).enumerate() {
            let wrong = VARIANT_OF.get(&pair[1]) == Some(&Variant::Simplified);
            assert!(!wrong, "pair {at}: {}{}", pair[0], pair[1]);
        }
    }

    #[test]
    fn a_text_in_the_other_variant_is_seen_and_a_name_in_it_is_none() {
        let simplified = "市政府决定将旧电车站改造为图书馆，预计明年开放。";
        let traditional = "市政府決定將舊電車站改造為圖書館，預計明年開放。";
        assert!(is_in_the_other_variant(traditional, Variant::Simplified));
        assert!(is_in_the_other_variant(simplified, Variant::Traditional));
        assert!(!is_in_the_other_variant(simplified, Variant::Simplified));
        assert!(!is_in_the_other_variant(traditional, Variant::Traditional));
        let name = format!("{simplified}展览名为“舊時風華”，观众可以免费参观。");
        assert!(!is_in_the_other_variant(&name, Variant::Simplified));
        assert!(!is_in_the_other_variant("図書館は来年開館する", Variant::Simplified));
    }
}
